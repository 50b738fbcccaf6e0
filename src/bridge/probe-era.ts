import { setTimeout as sleep } from 'node:timers/promises';
import { isObject } from '../lib/is-object.ts';
import type { RpcMessage } from './rpc-message.ts';

/** `modern`: MCP 2026-07-28 and later, each request by itself; with the versions it names. `legacy`: before, with a handshake. */
export type Era = { readonly kind: 'modern'; readonly versions: readonly string[] } | { readonly kind: 'legacy' };

const legacy: Era = { kind: 'legacy' };

/** Who can be asked. */
export interface Asked {
  /** @throws Error when it ends before it answers */
  ask(method: string, params: object): Promise<RpcMessage>;
}

/** What only a server of today says (MCP 2026-07-28, versioning). */
const modernErrors = new Set<unknown>([-32_020, -32_021, -32_022]);
/** After so long without an answer a server is asked what one of before answers at any time. */
const pingAfterMs = 2_000;
const afterPingMs = 1_000;
const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'usher', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Finds out what a server speaks: whoever answers `server/discover` with anything but a modern answer, or not at all, is of
 * before (MCP 2026-07-28, stdio, backward compatibility). Some servers of before answer nothing but a ping until they are
 * initialized; with that nobody has to wait for the time to be over. All that is asked says that it is of today: what does not
 * may turn a server of both eras into one of before.
 * @throws Error when it ends before it answers
 */
export async function probeEra(server: Asked, timeoutMs: number): Promise<Era> {
  const late = new AbortController();
  const inMs = (ms: number) => sleep(ms, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
  try {
    const discovered = server.ask('server/discover', { _meta: meta });
    const early = await Promise.race([discovered, inMs(pingAfterMs)]);
    if (early !== undefined) return eraOf(early);
    const ponged = server
      .ask('ping', { _meta: meta })
      .then(({ error }) => inMs(error === undefined ? afterPingMs : timeoutMs));
    const answer = await Promise.race([discovered, ponged, inMs(timeoutMs)]);
    return answer === undefined ? legacy : eraOf(answer);
  } finally {
    late.abort();
  }
}

function eraOf({ result, error }: RpcMessage): Era {
  const isModern = modernErrors.has(error?.['code']);
  const found = isObject(result)
    ? result['supportedVersions']
    : isObject(error?.['data'])
      ? error['data']['supported']
      : [];
  const versions = Array.isArray(found) ? found.filter((one) => typeof one === 'string') : [];
  return isModern || (error === undefined && versions.length > 0) ? { kind: 'modern', versions } : legacy;
}
