"""The embedded engine: an on-device recogniser behind the Riva protocol.

`captioner serve` runs it as a process of its own. Audio takes this way: `servicer` (gRPC) ->
`pcm` (to 16 kHz mono) -> a stream of the back end -> results back to the client. The `moonshine`
back end finds utterances with a voice detector (`voice`, `endpointing`), decodes them in worker
threads that all streams share fairly (`scheduler`), and judges what the model says (`reading`,
`sanity`). The `mock` back end plays a script. Everything is counted in samples of the stream, so
that the same audio gives the same words whether it comes in real time or faster.
"""
