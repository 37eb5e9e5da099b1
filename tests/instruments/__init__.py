"""Instruments that listen to what voicecore says: real recognisers and encoders, used by tests only."""
