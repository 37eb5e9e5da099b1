"""Blobs in a bucket that many machines share."""

from adapters.blobs.objectstore.store import ObjectStoreBlobStore

__all__ = ["ObjectStoreBlobStore"]
