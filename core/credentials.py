"""Opens and seals the credentials of stored accounts, for the length of a provider call (rule F3)."""

from collections.abc import Mapping

from slotgraph.core.errors import SealBroken
from slotgraph.core.store import accounts
from slotgraph.core.store.database import Database
from slotgraph.core.values import Credentials
from slotgraph.core.vault import Vault


class SealedCredentials:
    """Credentials as they lie in the store, opened by the vault."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    async def credentials(self, company_id: str, account_id: str) -> Credentials:
        """Open the credentials of an account. Raises KeyMissing or SealBroken."""
        async with self._database.read() as connection:
            sealed = await accounts.sealed_credentials(connection, company_id, account_id)
        if sealed is None:
            raise SealBroken("There are no credentials of this account.")
        return self._vault.open(company_id, account_id, sealed)

    async def save(self, company_id: str, account_id: str, credentials: Mapping[str, str]) -> None:
        """Seal and store changed credentials; they are stored when this returns."""
        sealed = self._vault.seal(company_id, account_id, credentials)
        async with self._database.write() as connection:
            await accounts.store_credentials(connection, company_id, account_id, sealed=sealed)
