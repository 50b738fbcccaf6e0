import type { CauseRow, Facts } from '../cause.ts';

const says =
  (pattern: RegExp) =>
  ({ details }: Facts): boolean =>
    pattern.test(String(details['words'] ?? details['reason']));
const status =
  (from: number, to = from) =>
  ({ upstreamStatus = 0 }: Facts): boolean =>
    upstreamStatus >= from && upstreamStatus <= to;

/** What is wrong behind the gateway. */
export const serverCauses: readonly CauseRow[] = [
  {
    id: 'server-down',
    code: 'upstream_unreachable',
    who: 'server',
    cause: 'Nobody answers at {target} ({reason}).',
    fix: 'Start the MCP server, or set --target-uri (upstream.url) to where it listens.',
  },
  {
    id: 'server-restarting',
    code: 'workload_down',
    who: 'server',
    cause: 'The MCP server that Usher runs has ended: {reason}.',
    fix: 'Its last words are in the log. {next}.',
  },
  {
    id: 'server-slow',
    code: 'upstream_timeout',
    who: 'server',
    cause: 'The MCP server at {target} began no answer in time ({reason}).',
    fix: 'Look at what the tool waits for; raise --answer-timeout if it may take this long.',
  },
  {
    id: 'server-broke-off',
    code: 'upstream_failed',
    who: 'server',
    cause: 'The MCP server at {target} ended the connection before its answer was complete ({reason}).',
    fix: 'Look at its log for a crash or a restart at this time.',
  },
  {
    id: 'server-redirects',
    code: 'upstream_redirected',
    who: 'operator',
    cause: 'The MCP server at {target} points elsewhere with status {status}, and a token follows no redirect.',
    fix: 'Set --target-uri to the final address: mind https and the slash at the end.',
  },
  {
    id: 'server-wants-other-issuer',
    code: 'upstream_refused_credential',
    fits: says(/issuer|\biss\b/i),
    who: 'operator',
    cause: 'The service behind does not trust the issuer of the exchanged token ({words}).',
    fix: 'Exchange at the authorization server the service trusts (--token-exchange-url), or let the service trust the one that issued it: the record shows its iss.',
  },
  {
    id: 'server-wants-other-audience',
    code: 'upstream_refused_credential',
    fits: says(/audience|\baud\b/i),
    who: 'operator',
    cause: 'The exchanged token is meant for another audience than the service behind is ({words}).',
    fix: "Set --token-exchange-audience to the service's own audience, or change what the service expects: the record shows aud.",
  },
  {
    id: 'server-wants-scope',
    code: 'upstream_refused_credential',
    fits: says(/scope/i),
    who: 'operator',
    cause: 'The exchanged token lacks a scope the service behind wants ({words}).',
    fix: 'Add it to --token-exchange-scopes, and let the provider grant it.',
  },
  {
    id: 'server-wants-token',
    code: 'upstream_refused_credential',
    fits: ({ exchanged }) => exchanged !== undefined && exchanged.iss === undefined && exchanged.aud === undefined,
    who: 'operator',
    cause: 'The service behind wants a token and got none, or one that cannot be read here ({words}).',
    fix: 'Set up an exchange for this server (--token-exchange-url and the rest).',
  },
  {
    id: 'server-refuses-token',
    code: 'upstream_refused_credential',
    who: 'operator',
    cause: 'The service behind refuses the exchanged token ({words}).',
    fix: "Compare iss, aud and scp of the exchanged token, in this record, with what the service expects; the service's own log should say why.",
  },
  {
    id: 'server-forbids',
    code: 'none',
    fits: status(403),
    who: 'server',
    cause:
      'The call was let through, and the server behind refused it with 403: the exchanged token is good, and not enough.',
    fix: 'Compare scp of the exchanged token with what the server wants (--token-exchange-scopes), and what the user may do there.',
  },
  {
    id: 'server-path-wrong',
    code: 'none',
    fits: status(404, 405),
    who: 'operator',
    cause: 'The call was let through, and the server behind has nothing at that path.',
    fix: 'Set --target-uri to the MCP endpoint with its path, for example http://127.0.0.1:8001/mcp. With a session, it may have ended: the client starts a new one.',
  },
  {
    id: 'server-error',
    code: 'none',
    fits: status(500, 599),
    who: 'server',
    cause: 'The call was let through, and the server behind failed with an error of its own.',
    fix: 'Its own log should say why.',
  },
];
