import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchange, fileProblems, flag, jwt, problems, target } from '../../test/kit/config-input.ts';

test('configuration – addresses without their scheme – are asked about with the one that fits', () => {
  const found = problems([
    flag('oidc-issuer', 'example.okta.com/oauth2/as1'),
    flag('oidc-audience', 'a'),
    flag('target-uri', 'localhost:8091'),
  ]);
  assert.deepEqual(found, [
    '--oidc-issuer: is "example.okta.com/oauth2/as1", expected an http or https URL; did you mean https://example.okta.com/oauth2/as1?',
    '--target-uri: is "localhost:8091", expected an http or https URL; did you mean http://localhost:8091?',
  ]);
});

test('configuration – a group or a list written as something else – says what belongs there', (context) => {
  const found = fileProblems(
    context,
    `servers:
  a:
    authenticate: { issuer: https://i.example.com, audience: mcpserver }
    upstream: http://127.0.0.1:8001/mcp
`,
  );
  assert.deepEqual(found, [
    'usher.yaml:3:5 servers.a.authenticate: is a group of settings, expected a list, whose entries begin with - (a hyphen and a space)',
    'usher.yaml:4:5 servers.a.upstream: is a single value, expected a group of settings, for example url: http://127.0.0.1:8001/mcp',
  ]);
});

test('configuration – no client secret – names the file it can be given in', (context) => {
  const found = problems([...jwt, ...exchange, target]);
  assert.deepEqual(found, [
    '--token-exchange-client-secret: is missing, but --token-exchange-url is given; give a file that holds it: --token-exchange-client-secret-file PATH (clientSecretFile)',
  ]);
  const inFile = fileProblems(
    context,
    `servers:
  a:
    authenticate: [{ issuer: https://i.example.com, audience: mcpserver }]
    credential: { url: https://i.example.com/token, clientId: gateway, audience: backend }
    upstream: { url: http://127.0.0.1:8001/mcp }
`,
  );
  assert.match(inFile.join('\n'), /clientSecret: is missing.*; give a file that holds it: .*\(clientSecretFile\)$/);
});
