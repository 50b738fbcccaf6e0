import assert from 'node:assert/strict';
import { startIssuer } from '../kit/start-issuer.ts';
import { exchangingServer, startTestGateway } from '../kit/start-test-gateway.ts';
import { startTokenShim } from '../kit/start-token-shim.ts';

/** The request path in front of a server, with someone before it who adds a token. */
export async function startThrough(
  server: { readonly url: string },
  more: Parameters<typeof exchangingServer>[2] = {},
) {
  const lab = new AsyncDisposableStack();
  const issuer = lab.use(await startIssuer());
  const shim = lab.use(await startTokenShim());
  // The suite's address is the resource: its Host and Origin are those of a client that is where it should be.
  const routed = exchangingServer(issuer, server, { resourceUrl: `${shim.url}/mcp`, ...more });
  const gateway = lab.use(await startTestGateway({ server: routed }));
  const callerToken = await issuer.sign();
  shim.aim(new URL(gateway.mcpUrl).origin, callerToken);
  return { url: `${shim.url}/mcp`, callerToken, gateway, [Symbol.asyncDispose]: () => lab.disposeAsync() };
}

/** Everything came with the one exchanged token. */
export function assertExchanged(credentials: Iterable<string | undefined>, callerToken: string): void {
  const [credential, ...others] = new Set(credentials);
  assert.match(credential ?? 'none', /^Bearer /);
  assert.notEqual(credential, `Bearer ${callerToken}`);
  assert.deepEqual(others, []);
}
