import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { isLoopbackHost } from '../../lib/loopback.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { executeSetUp } from '../set-up/execute-set-up.ts';
import { readCaFile } from '../options/read-ca-file.ts';
import { readSecretOption } from '../options/read-secret-option.ts';
import { setUpOptions } from '../options/set-up-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';

const group = 'Keycloak';
const passwordVariable = 'USHER_KEYCLOAK_ADMIN_PASSWORD';
const options = {
  url: { flags: '--url <URL>', help: 'Where Keycloak is, with the path in front of /realms', group },
  realm: { flags: '--realm <REALM>', help: 'The realm to set up; it must be there', group },
  adminUser: { flags: '--admin-user <NAME>', help: 'Who may change it', group, byDefault: 'admin' },
  adminPasswordFile: {
    flags: '--admin-password-file <PATH>',
    help: `File with their password; or the password itself in the environment [${passwordVariable}]`,
    group,
  },
  adminRealm: { flags: '--admin-realm <REALM>', help: 'Where they sign in', group, byDefault: 'master' },
  callScope: { flags: '--oidc-scopes <SCOPE>', help: 'Scope that a call needs', group, byDefault: 'mcp:tools:call' },
  gateway: {
    flags: '--token-exchange-client-id <ID>',
    help: "The gateway's client, which is the audience of callers' tokens too",
    group,
    byDefault: 'mcpserver',
  },
  api: {
    flags: '--token-exchange-audience <ID>',
    help: "The API's client, which is the audience of its tokens",
    group,
    byDefault: 'backend',
  },
  apiScope: {
    flags: '--token-exchange-scopes <SCOPE>',
    help: 'Scope that the gateway asks for',
    group,
    byDefault: 'backend-api:read',
  },
  mcpClient: { flags: '--client-id <ID>', help: "People's MCP client", group, byDefault: 'mcp-client' },
  redirectUris: {
    flags: '--redirect-uris <URI,…>',
    help: 'Where that client is sent back to',
    group,
    byDefault: 'http://127.0.0.1:33418,http://127.0.0.1:33418/,https://vscode.dev/redirect',
  },
} as const satisfies Record<string, SimpleOption>;

/** `usher setup keycloak` */
export const setupKeycloakCommand: CommandModule = {
  build() {
    const command = buildCommand('usher setup keycloak', {
      summary: 'Sets up a realm of Keycloak for the gateway by its admin API, and writes usher.yaml and the secrets.',
      usage: '--url URL --realm REALM [options]',
      examples: [
        'usher setup keycloak --url https://id.example.com --realm mcp \\\n  --admin-password-file admin.txt --dry-run',
        'usher setup keycloak --url https://id.example.com --realm mcp \\\n  --admin-password-file admin.txt --out gateway',
        'usher setup keycloak --url https://id.example.com --realm mcp \\\n  --admin-password-file admin.txt --out gateway --undo',
      ],
    });
    return addSimpleOptions(command, [...Object.values(options), ...Object.values(setUpOptions)]);
  },
  async execute(command, context) {
    const values = new SimpleValues(command, context.environment);
    const problems: Problem[] = [];
    const text = (option: SimpleOption) => values.text(option) ?? '';
    const admin = {
      url: readUrl(values.text(options.url), problems),
      realm: required(values.text(options.realm), { where: '--realm', wanted: "the realm's name" }, problems),
      adminRealm: text(options.adminRealm),
      user: text(options.adminUser),
      password: readSecretOption(
        {
          flag: '--admin-password-file',
          file: values.text(options.adminPasswordFile),
          variables: [passwordVariable],
          what: 'the password',
        },
        context.environment,
        problems,
      ),
    };
    const redirectUris = text(options.redirectUris)
      .split(',')
      .map((uri) => uri.trim());
    for (const uri of redirectUris) {
      if (!URL.canParse(uri))
        problems.push({ where: '--redirect-uris', what: `has ${quote(uri)}, expected URLs with commas between` });
    }
    const names = {
      gateway: readName(values, options.gateway, problems),
      api: readName(values, options.api, problems),
      mcpClient: readName(values, options.mcpClient, problems),
      callScope: readName(values, options.callScope, problems),
      apiScope: readName(values, options.apiScope, problems),
      redirectUris,
    };
    if (new Set([names.gateway, names.api, names.mcpClient]).size < 3) {
      const where = '--token-exchange-client-id';
      problems.push({ where, what: 'has to be another client than --token-exchange-audience and --client-id' });
    }
    const ca = readCaFile(values, problems);
    return await executeSetUp(command, context, {
      values,
      problems,
      connect: async () => {
        const { buildKeycloakSetUp } = await import('../../providers/keycloak/set-up/build-set-up.ts');
        return buildKeycloakSetUp(admin, names, buildHttpClient(ca === undefined ? {} : { ca }));
      },
    });
  },
};

/** The administrator's password goes there, so plain http is for this machine only. */
function readUrl(text: string | undefined, problems: Problem[]): string {
  const url = URL.parse(text ?? '');
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url !== null && isSafe && url.search === '' && url.hash === '' && url.username === '')
    return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  const found = text === undefined ? 'is missing; give' : `is ${quote(text)}, expected`;
  problems.push({ where: '--url', what: `${found} an https URL, or http on this machine` });
  return '';
}

/** A client id or scope: it stands in URLs, tokens and lists. */
function readName(values: SimpleValues, option: SimpleOption, problems: Problem[]): string {
  const text = values.text(option) ?? '';
  if (/^[\w.:/-]{1,255}$/.test(text)) return text;
  const where = option.flags.split(' ')[0] ?? option.flags;
  problems.push({ where, what: `is ${quote(text)}, expected letters, digits and . _ : / -` });
  return text;
}

function required(
  text: string | undefined,
  { where, wanted }: { where: string; wanted: string },
  problems: Problem[],
): string {
  if (text === undefined) problems.push({ where, what: `is missing; give ${wanted}` });
  return text ?? '';
}
