import type { CauseRow } from '../cause.ts';

/** What is wrong with a request itself, and with what it asks for. */
export const callCauses: readonly CauseRow[] = [
  {
    id: 'host-not-configured',
    code: 'host_not_allowed',
    who: 'operator',
    cause: 'The client calls the gateway by the name {host}, which it does not answer for ({allowed}).',
    fix: 'Set --resource-url to the URL clients use, or --allowed-hosts to the name a proxy in front sends. If nobody of yours uses that name, a web page tried to get in (DNS rebinding).',
  },
  {
    id: 'origin-not-configured',
    code: 'origin_not_allowed',
    who: 'operator',
    cause: 'A web page of {origin} called, which may not.',
    fix: 'Add it with --allowed-origins, if the page is yours.',
  },
  {
    id: 'wrong-path',
    code: 'route_not_found',
    who: 'client',
    cause: 'Nothing is served at {path}; mounted: {mounted}.',
    fix: 'Give the client the URL to the letter, also the slash at its end; or set --path.',
  },
  {
    id: 'wrong-method',
    code: 'method_not_allowed',
    who: 'client',
    cause: 'The request was {method}, and an MCP endpoint takes POST, GET and DELETE.',
    fix: 'Give the client the URL as one of a Streamable HTTP server.',
  },
  {
    id: 'scope-missing',
    code: 'insufficient_scope',
    who: 'client',
    cause: 'The token has scope {found}, and this call needs {expected}.',
    fix: 'The client signs in again and asks for the scope the challenge names. If it does not get it: the policy of the authorization server people sign in at has to grant it to this client and user.',
  },
  {
    id: 'tool-denied',
    code: 'tool_unknown',
    who: 'operator',
    cause: 'The tool {tool} does not exist for this caller: {rule}.',
    fix: 'If the caller should have it, change the rule in policy.rules; else nothing.',
  },
  {
    id: 'session-lost',
    code: 'session_unknown',
    who: 'client',
    cause: 'The session is not one of this caller here: {reason}.',
    fix: 'The client starts a new one by itself. Where several instances run, a client has to stay at one.',
  },
  {
    id: 'task-lost',
    code: 'task_unknown',
    who: 'client',
    cause: 'The task {task} is not one of this caller: {reason}.',
    fix: 'Tasks belong to the user and client that started them, and end with the gateway.',
  },
  {
    id: 'body-too-large',
    code: 'body_too_large',
    who: 'operator',
    cause: 'The body is larger than {limit}.',
    fix: 'Raise --body-limit if calls of this size are meant.',
  },
  {
    id: 'headers-disagree',
    code: 'header_mismatch',
    who: 'client',
    cause: 'Headers and body of the call do not say the same: {reason}.',
    fix: 'A defect of the client: update it. Otherwise somebody tried to be seen as another call.',
  },
  {
    id: 'audit-unwritable',
    code: 'audit_unavailable',
    who: 'operator',
    cause: 'The audit trail {path} cannot be written: {reason}.',
    fix: 'Make room or mend the pipe; calls go on by themselves then.',
  },
];
