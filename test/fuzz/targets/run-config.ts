import assert from 'node:assert/strict';
import { leafOfFlag } from '../../../src/config/leaves.ts';
import { decisive } from '../../../src/import/decisive.ts';
import { isSaid } from '../../../src/import/import-plan.ts';
import { parseRunConfig } from '../../../src/import/parse-run-config.ts';
import { planImport } from '../../../src/import/plan-import.ts';
import type { Target } from '../target.ts';

const secret = 's3cr3t-value';

/** A plan in which nothing that decides who may do what is lost, or what is wrong with the file; never a secret in words about it. */
function check(bytes: Buffer): void {
  const text = bytes.toString('utf8');
  const parsed = parseRunConfig(text);
  const plan = planImport(parsed, { ignoreFiles: [] });
  const { config } = parsed;
  if (config === undefined) {
    assert.ok(plan.problems.length > 0);
    assert.equal(plan.settings.length, 0);
    return;
  }
  const blocked = new Set(plan.blocked.map(({ key }) => key));
  for (const key of decisive.keys()) if (isSaid(config[key])) assert.ok(blocked.has(key), key);
  const flags = plan.settings.map(({ flag }) => flag);
  for (const flag of flags) if (flag !== 'image' && flag !== 'args') leafOfFlag(flag);
  if (plan.problems.length === 0) {
    const saysCallers = ['oidc-issuer', 'introspection-issuer', 'remote-auth'].some((flag) => flags.includes(flag));
    if (plan.hasCallers)
      assert.ok(
        saysCallers || (isSaid(config.remote_url) && isSaid(config.remote_auth_config)),
        'nobody says who may call',
      );
  }
  const words = [...plan.remarks, ...plan.blocked, ...plan.problems]
    .map(({ key, what }) => `${key} ${what}`)
    .join('\n');
  // As a key, or as what names something else, it is quoted like any other.
  const isSetting = text.includes(`"client_secret": "${secret}"`) && text.split(secret).length === 2;
  assert.ok(!isSetting || !words.includes(secret), 'words about the file quote a secret');
}

const good = `{
  "schema_version": "v0.1.0",
  "image": "ghcr.io/acme/server:1",
  "cmd_args": ["/config.yaml"],
  "name": "acme",
  "transport": "streamable-http",
  "host": "127.0.0.1",
  "port": 8000,
  "target_port": 9000,
  "permission_profile": { "read": ["/data:/data"], "network": { "outbound": { "insecure_allow_all": false, "allow_host": ["a.example"] } } },
  "env_vars": { "MODE": "fast" },
  "volumes": ["/data:/data:ro"],
  "oidc_config": { "Issuer": "https://issuer.example", "Audience": "mcpserver", "Scopes": null },
  "token_exchange_config": { "token_url": "https://issuer.example/token", "client_id": "gateway", "client_secret": "${secret}", "audience": "backend" },
  "authz_config": { "version": "1.0" },
  "isolate_network": true
}`;

export const target: Target = {
  seeds: [
    good,
    good.replace('"authz_config": { "version": "1.0" },', ''),
    good.replace(
      '"image": "ghcr.io/acme/server:1"',
      '"remote_url": "https://mcp.example/mcp", "remote_auth_config": { "ClientID": "a" }',
    ),
    good.replace(
      '"isolate_network": true',
      '"middleware_configs": [{ "type": "auth", "parameters": {} }, { "type": "x" }]',
    ),
    '{"name":"acme","image":"a","remote_auth_config":{}}',
    '{"name":"acme","image":"a","remote_auth_config":{"issuer":"https://issuer.example"}}',
    'name: acme\nimage: a\noidc_config: &o { Issuer: a }\nx: *o\n',
    '{"name":{"__proto__":[]},"image":null}',
    '{"name":"acme","image":"a","middleware_configs":[{"type":"toString","parameters":{}}]}',
  ],
  fuzz: (bytes) => check(bytes),
};
