"""Holding, booking, moving and cancelling slots, and finding what was booked (rules K1, K2, K5, K8)."""
