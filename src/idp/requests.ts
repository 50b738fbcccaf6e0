import { IncomingMessage } from 'node:http';

const maxFormBytes = 64 * 1024;

/** Reads a form that was posted; undefined, with the body unread, when it is no form. One larger than any of ours is
 * taken as empty.
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) break;
    size += chunk.length;
    if (size > maxFormBytes) return new URLSearchParams();
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

/** The same request with another form in its body, as if it had come so. */
export function withForm(request: IncomingMessage, form: URLSearchParams): IncomingMessage {
  const body = Buffer.from(form.toString());
  const copy = new IncomingMessage(request.socket);
  copy.method = request.method;
  copy.url = request.url;
  request.headers['content-length'] = String(body.length);
  delete request.headers['transfer-encoding'];
  copy.headers = request.headers;
  copy.push(body);
  copy.push(null);
  // Otherwise its end is taken for a broken connection and the socket is closed.
  copy.complete = true;
  return copy;
}
