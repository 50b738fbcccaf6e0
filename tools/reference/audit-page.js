import { auditFields } from '../../src/model/audit-fields.ts';
import { code, generatedNote, table } from './markdown.js';

const example = {
  v: 1,
  time: '2026-11-22T10:15:00.123Z',
  id: '01JDA7',
  server: 'countries',
  who: {
    iss: 'https://example.okta.com/oauth2/aus1',
    sub: 'alice@example.com',
    client: '0oa1vscode',
    name: 'alice@example.com',
    address: '127.0.0.1',
  },
  what: {
    http: 'POST',
    kind: 'request',
    method: 'tools/call',
    tool: 'GetCountry',
    rpcId: 2,
    upstream: 'http://127.0.0.1:8001/mcp',
  },
  decision: 'allowed',
  reason: 'scopes',
  caller: {
    iss: 'https://example.okta.com/oauth2/aus1',
    aud: 'mcpserver',
    scp: ['mcp:tools:call'],
    sub: 'alice@example.com',
    jti: 'AT.1',
    exp: 1_795_342_500,
    clientId: '0oa1vscode',
  },
  exchanged: {
    iss: 'https://example.okta.com/oauth2/aus2',
    aud: 'backend',
    scp: ['backend-api:read'],
    sub: 'alice@example.com',
    jti: 'AT.2',
    exp: 1_795_342_500,
    clientId: '0oa1gateway',
    strategy: 'token-exchange',
    source: 'fresh',
    ms: 21,
  },
  status: 200,
  upstreamStatus: 200,
  ms: { total: 35, firstByte: 34, exchange: 21 },
  bytes: 412,
};

/** A sign-in by the façade. */
const signInExample = {
  v: 1,
  time: '2026-11-22T10:14:58.020Z',
  id: '01JDA6',
  server: 'countries',
  who: {
    iss: 'https://example.okta.com/oauth2/aus1',
    sub: 'alice@example.com',
    client: '0oa1usher',
    name: 'alice@example.com',
  },
  from: '203.0.113.7',
  what: { http: 'POST /oauth/countries/token' },
  decision: 'allowed',
  reason: 'The code was redeemed',
  signIn: {
    event: 'issued',
    flow: 'gE0Jq1yq0yJb8sQ0k0bq0Q',
    app: 'https://vscode.dev/oauth/client-metadata.json',
    redirectUri: 'http://127.0.0.1:33418/',
    scopes: ['mcp:tools:call'],
    provider: 'https://example.okta.com/oauth2/aus1',
    providerClient: '0oa1usher',
  },
  caller: {
    iss: 'https://example.okta.com/oauth2/aus1',
    aud: 'mcpserver',
    scp: ['mcp:tools:call'],
    sub: 'alice@example.com',
    jti: 'AT.1',
    exp: 1_795_342_500,
    clientId: '0oa1usher',
  },
  status: 200,
  ms: { total: 48 },
};

export function auditPage() {
  return [
    generatedNote,
    '# The audit trail',
    'One line of JSON for every MCP message and every refusal: who did what, when, and with which two tokens. It never holds a token or a secret: a token is named by its claims. `--audit-file` says where it goes; `-` is stdout. Where it cannot be written, calls are refused.',
    '## One line, spread out',
    `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
    '## Fields',
    'Fields that say nothing are left out.',
    table(
      ['Field', 'What it says'],
      Object.entries(auditFields).map(([name, help]) => [code(name), help]),
    ),
    '## Sign-ins',
    'A server with a [façade](../guides/client-sign-in.md#the-façade) has lines for sign-ins, too: registrations, a person’s yes and no, tokens handed out and refreshed, each refusal, and codes and refresh tokens that are shown a second time. They have `signIn`, and no `exchanged`. `caller` is the token that was handed out: its `jti` is that of the calls the app then makes. What is handed out or agreed to is written before it is answered; where the trail cannot be written, nobody signs in. [`usher explain ID`](../guides/diagnosing.md) explains them by the request id, which a person who is refused sees on the page.',
    `\`\`\`json\n${JSON.stringify(signInExample, null, 2)}\n\`\`\``,
    '## Looking things up',
    '```sh\n# What did a user do?\njq -c \'select(.who.sub == "alice@example.com") | [.time, .what.tool, .decision]\' audit.jsonl\n\n# Who was refused, and why?\njq -c \'select(.decision == "refused") | [.time, .who.name, .reason, .hint]\' audit.jsonl\n\n# Which apps did a user let in, and what became of it?\njq -c \'select(.signIn.flow == "gE0Jq1yq0yJb8sQ0k0bq0Q") | [.time, .signIn.event, .who.name]\' audit.jsonl\n```',
  ].join('\n\n');
}
