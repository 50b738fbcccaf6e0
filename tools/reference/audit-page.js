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
    '## Looking things up',
    '```sh\n# What did a user do?\njq -c \'select(.who.sub == "alice@example.com") | [.time, .what.tool, .decision]\' audit.jsonl\n\n# Who was refused, and why?\njq -c \'select(.decision == "refused") | [.time, .who.name, .reason, .hint]\' audit.jsonl\n```',
  ].join('\n\n');
}
