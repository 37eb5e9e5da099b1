"""The child process that owns a device, and the engine that speaks through it."""
