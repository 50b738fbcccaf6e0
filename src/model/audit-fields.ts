import type { AuditRecord } from './audit-record.ts';
import { signInEvents } from './sign-in.ts';

/** Every field's name with dots, so that the compiler finds a field without a description, and the other way round. */
type FieldNames<T, Prefix extends string = ''> = {
  [K in keyof T & string]-?: NonNullable<T[K]> extends string | number | boolean | readonly unknown[]
    ? `${Prefix}${K}`
    : string extends keyof NonNullable<T[K]>
      ? `${Prefix}${K}`
      : FieldNames<NonNullable<T[K]>, `${Prefix}${K}.`>;
}[keyof T & string];

/** What each field of the audit trail says; docs/reference/audit.md is made of it. */
export const auditFields = {
  v: 'Version of this form of record; 1',
  time: 'When the request came in: RFC 3339, UTC, milliseconds',
  id: "Request id: the same in the caller's error and in the log",
  trace: 'W3C trace id, when the caller sent a valid `traceparent`',
  server: 'Name of the server it was for',
  'who.iss': "Issuer of the caller's token",
  'who.sub': 'The user, as the issuer names them',
  'who.client': 'The OAuth client the user signed in with',
  'who.name': 'A name people recognise: e-mail address or user name',
  from: 'Network address the request came from',
  'what.http': 'HTTP method and path',
  'what.kind': 'Kind of MCP message: `request`, `notification` or `response`',
  'what.method': 'MCP method, for example `tools/call`',
  'what.tool': 'Name of the tool that was called',
  'what.target': 'Prompt, resource or task that was asked for',
  'what.rpcId': 'JSON-RPC id of the message',
  'what.upstream': 'The MCP server behind, without query',
  decision:
    '`allowed`, `refused` (the caller’s doing), `failed` (ours or a neighbour’s) or `cancelled` (the caller went away)',
  reason: 'What allowed it, or why it was refused',
  stage: 'Where on the request path it ended, for what was not allowed',
  hint: "The operator's hint for a refusal",
  code: 'Error code; see [errors](errors.md)',
  details:
    'What the refusal is about, by name: `found` and `expected` value, the provider’s `status`, `error` and `description`, and the like',
  cause: 'Which [known refusal](refusals.md) of the identity provider it was',
  credential: 'How the call was to go on, where that failed: the strategy, for example `token-exchange`',
  'signIn.event': `Of a sign-in by the [façade](../guides/client-sign-in.md#the-façade): ${Object.entries(signInEvents)
    .map(([event, help]) => `\`${event}\` (${help})`)
    .join(', ')}`,
  'signIn.flow': 'Which sign-in it was: the same from the person’s yes to the last refresh',
  'signIn.app': 'The app: URL of its document, or digest of its registration',
  'signIn.appName': 'What the app calls itself; nobody checked',
  'signIn.redirectUri': 'Where the app is: where the browser goes back to',
  'signIn.scopes': 'What was asked for, or granted',
  'signIn.provider': 'Issuer people sign in at',
  'signIn.providerClient': 'The client that the façade is there',
  'signIn.error': 'OAuth error code that was answered',
  'caller.iss': 'Caller’s token: issuer. Of a sign-in: the token that was handed out, with which the app then calls',
  'caller.aud': 'Caller’s token: audience',
  'caller.scp': 'Caller’s token: scopes',
  'caller.sub': 'Caller’s token: subject',
  'caller.oid': 'Caller’s token: the user, as Entra names them everywhere',
  'caller.jti': 'Caller’s token: its id',
  'caller.exp': 'Caller’s token: when it expires, seconds since 1970',
  'caller.clientId': 'Caller’s token: OAuth client',
  'caller.act': 'Caller’s token: who acts for the subject, the present one first',
  'caller.unverified': '`true` when it was refused before its signature was checked: nothing in it is to be believed',
  'exchanged.iss': 'New token: issuer',
  'exchanged.aud': 'New token: audience',
  'exchanged.scp': 'New token: scopes',
  'exchanged.sub': 'New token: subject; the same user',
  'exchanged.oid': 'New token: the same user, as Entra names them everywhere',
  'exchanged.jti': 'New token: its id',
  'exchanged.exp': 'New token: when it expires, seconds since 1970',
  'exchanged.clientId': 'New token: OAuth client; the gateway',
  'exchanged.act': 'New token: who acts for the user, the present one first (RFC 8693 §4.1)',
  'exchanged.strategy': 'How it was got, for example `token-exchange`',
  'exchanged.source':
    '`fresh` from the provider, `cached`, `static` where it is always the same secret, or `none` when nothing is sent',
  'exchanged.ms': 'Milliseconds this call waited for it',
  'exchanged.as':
    '`gateway` when the call goes on as the gateway itself, `operator` when as the person who signed in there; not as the caller then',
  'exchanged.operator.iss': 'Where that person signed in',
  'exchanged.operator.sub': 'That person, as the issuer names them',
  'exchanged.operator.name': 'A name people recognise',
  'exchanged.steps':
    'Tokens on the way to it, in turn, each with the strategy it was got by: those of a `chain`, the grant of `id-jag`',
  status: 'HTTP status the caller got',
  upstreamStatus: 'HTTP status of the MCP server behind',
  'ms.total': 'Milliseconds from the request to the end of the answer',
  'ms.firstByte': 'Milliseconds until the answer began',
  'ms.exchange': 'Milliseconds spent on the exchange',
  bytes: 'Length of the answer',
} as const satisfies Record<FieldNames<AuditRecord>, string>;
