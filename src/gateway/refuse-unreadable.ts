import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuditSink } from '../model/audit-sink.ts';
import { fail, type UsherError } from '../model/usher-error.ts';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** Answers what Node's HTTP parser could not make a request of, closes the connection, and puts it on record. */
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
  const id = randomUUID();
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
  audit.write({
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
    status,
    ms: { total: 0 },
  });
}

function classify({ code = 'unknown' }: NodeJS.ErrnoException, maxHeaderBytes: number): UsherError {
  if (code === 'HPE_HEADER_OVERFLOW') return fail('headers_too_large', { limit: `${maxHeaderBytes} bytes` });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return fail('request_timeout', {});
  return fail('request_malformed', { reason: code });
}
