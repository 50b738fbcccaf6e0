import { describe } from '../../lib/describe-error.ts';
import { askServer } from '../ask-server.ts';
import { type Check, pass, unknown } from '../check.ts';
import { failByFacts } from '../fail-by.ts';

const timeouts = /UND_ERR_HEADERS_TIMEOUT/;

/** Does anybody speak HTTP there, at that path? Without a token: what it thinks of one is the next check's. */
export const serverAnswers: Check = {
  id: 'server-answers',
  title: 'The MCP server behind answers',
  needs: [],
  async run({ name, route, server }) {
    const { target } = route.upstream;
    if (server.upstream.transport === 'stdio')
      return unknown(
        `${target} speaks over stdin and stdout`,
        'Only the running gateway speaks with it: start that, and call a tool through it.',
      );
    // Without its container the port is nobody's, or somebody else's.
    if (server.upstream.strategy === 'container' && route.workload === undefined)
      return unknown(
        `No container of ${name} runs here`,
        'Usher starts this server itself: run this while the gateway runs.',
      );
    try {
      const { status } = await askServer(route, undefined, { method: 'tools/list' });
      const seen = `${target}: status ${status} to tools/list without a token`;
      if (status >= 300 && status < 400)
        return failByFacts({ code: 'upstream_redirected', details: { target, status } }, seen);
      if (status === 404 || status === 405 || status >= 500)
        return failByFacts({ code: undefined, details: {}, upstreamStatus: status }, seen + describeOlder(status));
      return pass(seen);
    } catch (error) {
      const reason = describe(error);
      if (server.upstream.strategy !== 'http')
        return unknown(`${target}: ${reason}`, 'Usher starts this server itself: run this while the gateway runs.');
      const code = timeouts.test(String(error instanceof Error && 'code' in error ? error.code : reason))
        ? 'upstream_timeout'
        : /UND_ERR_SOCKET|ECONNRESET|HPE_/.test(reason)
          ? 'upstream_failed'
          : 'upstream_unreachable';
      return failByFacts({ code, details: { target, reason } }, `${target}: ${reason}`);
    }
  },
};

/** MCP 2025-11-25, transports, backwards compatibility: so an older server can be told. */
function describeOlder(status: number): string {
  const isOlder = status === 404 || status === 405;
  return isOlder ? '; a server of the older HTTP with SSE answers so, which takes --transport sse' : '';
}
