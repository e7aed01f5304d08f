"""What is served over HTTP and WebSocket: who may connect, pages, and what waits for a client."""
