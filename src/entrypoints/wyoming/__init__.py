"""Wyoming, the protocol of Home Assistant's voice: text in, also as it is written, and sound out. docs/wyoming.md says more."""
