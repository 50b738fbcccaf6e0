import { connect } from 'node:net';

/** Sends bytes as they are over one connection and returns all that comes back until it closes or `untilMs` passed. */
export function sendRaw(port: number, bytes: string, untilMs = 2_000): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    const timer = setTimeout(() => socket.destroy(), untilMs);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A reset ends it like a close; what had arrived counts.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
  });
}

/** An HTTP/1.1 POST of a JSON body to /mcp with these header lines. */
export function rawPost(lines: readonly string[], body: string): string {
  const head = [
    'POST /mcp HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...lines,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

/** An answer of {@link sendRaw} that stands alone (the request asked to close), as fetch would give it. */
export function readRawAnswer(text: string): Response {
  const end = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return new Response(text.slice(end + 4), { status: Number(statusLine.split(' ')[1]), headers });
}
