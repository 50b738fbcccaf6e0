import { connect } from 'node:net';
import { describe } from '../lib/describe-error.ts';

const probeMs = 2_000;

/** Does somebody take connections where the MCP server behind should be? Nothing is sent: that would need a token. */
export async function probeUpstream(target: string): Promise<{ isReachable: boolean; reason?: string }> {
  if (!URL.canParse(target)) return { isReachable: true };
  const { hostname, port, protocol } = new URL(target);
  if (protocol !== 'http:' && protocol !== 'https:') return { isReachable: true };
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || (protocol === 'https:' ? 443 : 80) });
    socket.setTimeout(probeMs);
    socket.once('connect', () => resolve({ isReachable: true }));
    socket.once('timeout', () => resolve({ isReachable: false, reason: 'connecting timed out' }));
    socket.once('error', (error) => resolve({ isReachable: false, reason: describe(error) }));
    socket.once('close', () => resolve({ isReachable: false, reason: 'the connection was closed' }));
    for (const event of ['connect', 'timeout']) socket.once(event, () => socket.destroy());
  });
}
