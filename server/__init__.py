"""The process: settings, HTTP application, logins, worker, command line."""
