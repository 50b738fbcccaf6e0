import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { fileProblems } from '../../test/kit/config-input.ts';

const environment = { SECRET: 'secret-of-the-facade', KEY: 'k'.repeat(32), SHORT: 'short' };
const issuer = (name: string) => ({ issuer: `https://${name}.example.com`, audience: 'mcp' });
const usual = {
  upstream: { url: 'http://127.0.0.1:1' },
  resourceUrl: 'https://mcp.example.com/mcp',
  authenticate: [issuer('a')],
  credential: { strategy: 'none' },
};
const facade = { clientId: 'usher', clientSecretEnv: 'SECRET', keyEnv: 'KEY' };

/** What a report says about a configuration, and the servers of it. */
const rows: readonly (readonly [string, object, RegExp])[] = [
  ['as it should be', { a: { ...usual, facade } }, /^$/],
  [
    'without a key',
    { a: { ...usual, facade: { ...facade, keyEnv: undefined } } },
    /facade\.key: is missing: .*openssl rand/,
  ],
  [
    'with a short key',
    { a: { ...usual, facade: { ...facade, keyEnv: 'SHORT' } } },
    /facade\.key: has 5 characters, expected at least 32/,
  ],
  [
    'without a secret',
    { a: { ...usual, facade: { ...facade, clientSecretEnv: undefined } } },
    /facade\.clientSecret: is missing/,
  ],
  [
    'with several issuers and none named',
    { a: { ...usual, authenticate: [issuer('a'), issuer('b')], facade } },
    /facade\.issuer: is missing, while there are several issuers/,
  ],
  [
    'with an issuer whose tokens are not taken',
    { a: { ...usual, facade: { ...facade, issuer: 'https://c.example.com' } } },
    /facade\.issuer: is "https:\/\/c\.example\.com", whose tokens the server does not take/,
  ],
  [
    'for a server that everybody may call',
    { a: { ...usual, authenticate: [{ strategy: 'anonymous' }], facade } },
    /facade: lets people sign in, while everybody may call without/,
  ],
  [
    'for a server without an issuer',
    { a: { ...usual, authenticate: [{ strategy: 'local-token' }], facade } },
    /facade: lets people sign in, but the server takes no tokens of an issuer/,
  ],
  [
    'in the clear',
    { a: { ...usual, resourceUrl: 'http://mcp.example.com/mcp', facade } },
    /facade\.url: is "http:\/\/mcp\.example\.com\/mcp" by the resource URL: plain http is taken on this machine only/,
  ],
  [
    'above a server',
    { a: { ...usual, path: '/x/mcp', facade: { ...facade, url: 'https://mcp.example.com/x' } } },
    /facade\.url: is "https:\/\/mcp\.example\.com\/x", where a is served below/,
  ],
  [
    'with the URL of another',
    {
      a: { ...usual, facade: { ...facade, url: 'https://mcp.example.com/o' } },
      b: {
        ...usual,
        path: '/b',
        resourceUrl: 'https://mcp.example.com/b',
        facade: { ...facade, url: 'https://mcp.example.com/o' },
      },
    },
    /facade\.url: is "https:\/\/mcp\.example\.com\/o", whose path a has already/,
  ],
  [
    'at the path of another, on another host',
    {
      a: { ...usual, facade: { ...facade, url: 'https://a.example.com/o' } },
      b: {
        ...usual,
        path: '/b/mcp',
        resourceUrl: 'https://mcp.example.com/b/mcp',
        facade: { ...facade, url: 'https://b.example.com/o/' },
      },
    },
    /servers\.b\.facade\.url: is "https:\/\/b\.example\.com\/o\/", whose path a has already/,
  ],
  [
    'at the place where another is by default',
    {
      a: { ...usual, facade: { ...facade, url: 'https://mcp.example.com/oauth/b' } },
      b: { ...usual, path: '/b/mcp', resourceUrl: 'https://mcp.example.com/b/mcp', facade },
    },
    /servers\.b\.facade\.url: is "\/oauth\/b" by default, whose path a has already/,
  ],
  [
    'above a server, by default',
    { a: { ...usual, path: '/oauth/a/token', facade } },
    /facade\.url: is "\/oauth\/a" by default, where a is served below/,
  ],
  [
    'that leads to a page in the clear',
    { a: { ...usual, facade: { ...facade, redirectUris: ['http://app.example.com/callback'] } } },
    /redirectUris.*expected a redirect URI that is https, or http on this machine/,
  ],
  [
    'that fetches documents of this machine for others',
    { a: { ...usual, facade: { ...facade, clientDocuments: ['*'], unsafeDevLoopbackDocuments: true } } },
    /facade\.unsafeDevLoopbackDocuments: is true, and the façade is at "https:\/\/mcp\.example\.com\/mcp"/,
  ],
  [
    'for documents of a host with a path',
    { a: { ...usual, facade: { ...facade, clientDocuments: ['vscode.dev/oauth'] } } },
    /clientDocuments.*"vscode\.dev\/oauth", expected the URL of a document, a host/,
  ],
  [
    'for a document in the clear',
    { a: { ...usual, facade: { ...facade, clientDocuments: ['http://vscode.dev/oauth'] } } },
    /clientDocuments.*expected the URL of a client's document that begins with https:/,
  ],
  [
    'for documents of hosts, of a host with its own port, of any',
    { a: { ...usual, facade: { ...facade, clientDocuments: ['*.example.com', 'example.com:8443', '*'] } } },
    /^$/,
  ],
];

for (const [name, servers, expected] of rows) {
  test(`a façade ${name} – ${String(expected) === '/^$/' ? 'can be used' : 'is refused, saying why'}`, (context) => {
    assert.match(fileProblems(context, stringify({ servers }), environment).join('\n'), expected);
  });
}

test('a façade without a key, with shared state – can be used', (context) => {
  const state = { url: 'redis://127.0.0.1', keyEnv: 'KEY' };
  const servers = { a: { ...usual, facade: { ...facade, keyEnv: undefined } } };
  assert.deepEqual(fileProblems(context, stringify({ state, servers }), environment), []);
});
