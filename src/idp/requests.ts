import { IncomingMessage } from 'node:http';
import { readBytes } from './read-bytes.ts';

const maxFormBytes = 64 * 1024;

/** Reads a form that was posted; undefined, with the body unread, when it is no form. One larger than any of ours is
 * taken as empty.
 */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return undefined;
  return new URLSearchParams((await readBytes(request, maxFormBytes))?.toString('utf8') ?? '');
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
