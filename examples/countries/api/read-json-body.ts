import type { IncomingMessage } from 'node:http';

const largestBodyBytes = 256 * 1024;

/** Reads a JSON request body of up to 256 KiB. */
export async function readJsonBody(
  req: IncomingMessage,
): Promise<{ readonly json: unknown } | { readonly status: 400 | 413; readonly reason: string }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBodyBytes) {
      return { status: 413, reason: `Cannot read the request: its body is larger than ${largestBodyBytes} bytes` };
    }
    chunks.push(bytes);
  }
  try {
    return { json: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    return { status: 400, reason: 'Cannot read the request: its body is not JSON' };
  }
}
