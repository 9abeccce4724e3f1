/**
 * The data of each event named `state` in a body of type text/event-stream (WHATWG HTML, "Server-sent events"). EventSource itself sends no
 * Authorization header, and a token in a query would be kept in logs.
 */
export async function* statesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    rest += decoder.decode(read.value, { stream: true });
    const events = rest.split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const lines = event.split('\n');
      if (lines.includes('event: state'))
        yield lines.flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : [])).join('\n');
    }
  }
}
