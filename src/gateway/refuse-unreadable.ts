import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuditRecord } from '../model/audit-record.ts';
import type { AuditSink } from '../model/audit-sink.ts';
import { fail, type UsherError } from '../model/usher-error.ts';
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';

/** Answers what Node's HTTP parser could not make a request of, closes the connection, and puts it on record. On a
 * connection with a call under way nothing is written beside its answer: where the call's own body is what cannot be read
 * on, the request path refuses it; anything else cuts the connection, or the bytes would be taken for the call's answer.
 */
export function refuseUnreadable(
  problem: NodeJS.ErrnoException,
  socket: Duplex,
  { audit, maxHeaderBytes }: { readonly audit: AuditSink; readonly maxHeaderBytes: number },
): void {
  // The peer reset the connection: nobody asked anything, nobody is there to be told.
  if (problem.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error = classify(problem, maxHeaderBytes);
  const answer = findAnswerUnderWay(socket);
  if (answer === undefined) {
    const id = randomUUID();
    sendRefusal(error, id, socket);
    audit.write(buildRecord(error, { id, socket, status: error.row.status }));
    return;
  }
  const { req: request } = answer;
  if (!request.complete && !answer.headersSent) {
    if (told.has(request)) return;
    told.add(request);
    answer.setHeader('connection', 'close');
    tellReader(request, error);
    return;
  }
  if (request.complete) audit.write(buildRecord(error, { id: randomUUID(), socket, status: 0 }));
  request.destroy(error);
  socket.destroy();
}

/** Calls whose body cannot be read on. The parser goes on to complain about every piece that still comes. */
const told = new WeakSet<IncomingMessage>();

/** Whoever reads the body hears that it cannot be read on; who is not there yet, when they come. A call that is refused
 * before has its answer by then.
 */
function tellReader(request: IncomingMessage, error: UsherError): void {
  if (request.listenerCount('error') > 0) {
    request.emit('error', error);
    return;
  }
  const onListener = (event: string | symbol) => {
    if (event !== 'error') return;
    request.off('newListener', onListener);
    process.nextTick(() => request.emit('error', error));
  };
  request.on('newListener', onListener);
}

/** The answer a connection waits for or is in the middle of. Node's own handling of such errors looks at this field, too. */
function findAnswerUnderWay(socket: Duplex): ServerResponse | undefined {
  const answer = '_httpMessage' in socket ? socket._httpMessage : undefined;
  return answer instanceof ServerResponse ? answer : undefined;
}

function sendRefusal(error: UsherError, id: string, socket: Duplex): void {
  const { status } = error.row;
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: null,
    error: { code: status, message: error.message, data: { code: error.code, id } },
  });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // One who goes on sending is not waited for.
  setTimeout(() => socket.destroy(), 1_000).unref();
}

function buildRecord(
  error: UsherError,
  { id, socket, status }: { readonly id: string; readonly socket: Duplex; readonly status: number },
): AuditRecord {
  return {
    v: 1,
    time: new Date().toISOString(),
    id,
    who: {},
    ...(socket instanceof Socket && socket.remoteAddress !== undefined ? { from: socket.remoteAddress } : {}),
    what: { http: 'unreadable' },
    decision: 'refused',
    reason: error.message,
    code: error.code,
    stage: error.row.stage,
    hint: error.hint,
    details: error.shownDetails,
    status,
    ms: { total: 0 },
  };
}

function classify({ code = 'unknown' }: NodeJS.ErrnoException, maxHeaderBytes: number): UsherError {
  if (code === 'HPE_HEADER_OVERFLOW') return fail('headers_too_large', { limit: `${maxHeaderBytes} bytes` });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fail('request_timeout', {});
  return fail('request_malformed', { reason: code });
}
