"""voicecore: text to speech, voice cloning and voice conversion. A pure core: standard library and numpy."""
