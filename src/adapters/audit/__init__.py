"""The audit log as a file: JSON lines, each of which holds the digest of the one before."""

from adapters.audit.chain import FILE_NAME, Entry, FileAuditLog, Verdict, entries, verify

__all__ = ["FILE_NAME", "Entry", "FileAuditLog", "Verdict", "entries", "verify"]
