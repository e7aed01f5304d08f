"""Where sound comes from: outputs, microphones, files, standard input.

Use `captioner.audio.factory.open_source`; everything else is behind it. Every source gives 16 kHz
mono s16 chunks whose positions are linear: what was lost is counted, never skipped over.

How the sound travels::

    device thread ── Handover (bounded, drops the oldest) ──> loop: Chunker ──> AudioChunk
    file worker   ── one block asked for at a time ──────────────────────────> AudioChunk

Device threads copy bytes, hand them over and return; they never touch the loop otherwise. Which
library captures what:

==============  =====================================  ====================================
System          System audio                           Microphone
==============  =====================================  ====================================
Linux           libpulse (PulseAudio, PipeWire)        libpulse, else PortAudio on bare ALSA
Windows         PyAudioWPatch (WASAPI loopback)        PortAudio
macOS           PortAudio, from BlackHole              PortAudio
==============  =====================================  ====================================

Each capture through libpulse has its own connection and thread, so two sources in one process do
not know of each other; see `captioner.audio.pulse_capture` for why it is not PortAudio there.
"""
