import { quote } from '../../config/quote.ts';
import type { Problem } from '../../config/source.ts';
import { isLoopbackHost } from '../../lib/loopback.ts';
import { webUrl } from '../../model/web-url.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { executeSetUp } from '../set-up/execute-set-up.ts';
import { readCaFile } from '../options/read-ca-file.ts';
import { readSecretOption } from '../options/read-secret-option.ts';
import { setUpOptions } from '../options/set-up-options.ts';
import { addSimpleOptions, type SimpleOption, SimpleValues } from '../options/simple-options.ts';

const group = 'Okta';

const options = {
  org: { flags: '--org <URL>', help: 'The org: https://example.okta.com', group, env: 'USHER_OKTA_ORG' },
  apiTokenFile: {
    flags: '--api-token-file <PATH>',
    help: 'File with an API token of it; or the token itself in the environment [USHER_OKTA_API_TOKEN, OKTA_API_TOKEN]',
    group,
  },
  audience: {
    flags: '--oidc-audience <AUDIENCE>',
    help: 'Name and audience of the authorization server people sign in at',
    group,
    byDefault: 'mcpserver',
  },
  scopes: {
    flags: '--oidc-scopes <SCOPE,…>',
    help: 'Scopes of it that a call needs',
    group,
    byDefault: 'mcp:tools:call',
  },
  backendAudience: {
    flags: '--token-exchange-audience <AUDIENCE>',
    help: 'Name and audience of the authorization server the API trusts',
    group,
    byDefault: 'backend',
  },
  backendScopes: {
    flags: '--token-exchange-scopes <SCOPE,…>',
    help: 'Scopes of it that the gateway asks for',
    group,
    byDefault: 'backend-api:read',
  },
  clientApp: {
    flags: '--client-app <NAME>',
    help: "Name of the app of people's MCP client",
    group,
    byDefault: 'MCP client',
  },
  gatewayApp: {
    flags: '--gateway-app <NAME>',
    help: 'Name of the app of the gateway',
    group,
    byDefault: 'MCP gateway',
  },
  dpop: {
    flags: '--token-exchange-dpop',
    help: "Have the gateway's tokens bound to a key of it (DPoP), as a new app has them; one that is there is left as it is",
    group,
  },
  noDpop: {
    flags: '--no-token-exchange-dpop',
    help: 'Have them be bearer tokens, for a server behind that cannot check proofs',
    group,
  },
  dpopUrl: {
    flags: '--token-exchange-dpop-url <URL>',
    help: 'Where the server behind hands token and proof on to: the URL of the API, which proofs are made for then',
    group,
  },
  redirectUris: {
    flags: '--redirect-uris <URI,…>',
    help: 'Where that client is sent back to',
    group,
    byDefault: 'http://127.0.0.1:33418,https://vscode.dev/redirect',
  },
  people: {
    flags: '--group <NAME>',
    help: 'Group whose members may use the MCP client',
    group,
    byDefault: 'Everyone',
  },
} as const satisfies Record<string, SimpleOption>;

/** `usher setup okta` */
export const setupOktaCommand: CommandModule = {
  build() {
    const command = buildCommand('usher setup okta', {
      summary:
        'Sets up an Okta org for the exchange: shows what is missing, makes it on consent, writes the configuration; --undo takes it back.',
      usage: '--org URL --api-token-file PATH [options]',
      examples: [
        'usher setup okta --org https://example.okta.com --api-token-file okta-token.txt --dry-run',
        'usher setup okta --org https://example.okta.com --api-token-file okta-token.txt --out gateway\nusher serve -f gateway/usher.yaml',
        'usher setup okta --org https://example.okta.com --api-token-file okta-token.txt --out gateway --undo',
      ],
    });
    return addSimpleOptions(command, [...Object.values(options), ...Object.values(setUpOptions)]);
  },
  async execute(command, context) {
    const values = new SimpleValues(command, context.environment);
    const problems: Problem[] = [];
    const list = (option: SimpleOption) => (values.text(option) ?? '').split(/[\s,]+/).filter((word) => word !== '');
    const origin = readOrg(values, problems);
    const apiToken = readSecretOption(
      {
        flag: '--api-token-file',
        file: values.text(options.apiTokenFile),
        variables: ['USHER_OKTA_API_TOKEN', 'OKTA_API_TOKEN'],
        what: 'an API token',
      },
      context.environment,
      problems,
    );
    const ca = readCaFile(values, problems);
    const wanted = {
      signIn: { audience: values.text(options.audience) ?? '', scopes: list(options.scopes) },
      backend: { audience: values.text(options.backendAudience) ?? '', scopes: list(options.backendScopes) },
      client: { label: values.text(options.clientApp) ?? '', redirectUris: list(options.redirectUris) },
      gateway: {
        label: values.text(options.gatewayApp) ?? '',
        dpop: values.either(options.dpop, options.noDpop),
        dpopUrl: readDpopUrl(values, problems),
      },
      group: values.text(options.people) ?? '',
    };
    if (wanted.signIn.audience === wanted.backend.audience) {
      problems.push({
        where: '--token-exchange-audience',
        what: 'is the same as --oidc-audience; expected two servers',
      });
    }
    return await executeSetUp(command, context, {
      values,
      problems,
      connect: async () => {
        const { setUpOkta } = await import('../../providers/okta/set-up/set-up-okta.ts');
        return setUpOkta({ origin, apiToken, ...(ca === undefined ? {} : { ca }) }, wanted);
      },
    });
  },
};

function readDpopUrl(values: SimpleValues, problems: Problem[]): string | undefined {
  const text = values.text(options.dpopUrl);
  if (text === undefined) return undefined;
  const where = '--token-exchange-dpop-url';
  if (values.isSet(options.noDpop))
    problems.push({ where, what: 'is given beside --no-token-exchange-dpop; keep one of them' });
  if (!webUrl().safeParse(text).success)
    problems.push({ where, what: `is ${quote(text)}, expected an http or https URL` });
  return text;
}

/** The API token goes there, so it has to be https; plain http only to this machine, for the development provider. */
function readOrg(values: SimpleValues, problems: Problem[]): string {
  const text = values.text(options.org);
  if (text === undefined) {
    problems.push({ where: '--org', what: 'is missing; expected the URL of the org, https://example.okta.com' });
    return '';
  }
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
  if (url === null || !isSafe || url.href !== `${url.origin}/`) {
    problems.push({ where: '--org', what: `is ${quote(text)}, expected the URL of an org: https://example.okta.com` });
    return '';
  }
  if (/^[^.]+-admin\.okta/.test(url.hostname)) {
    const what = `is ${quote(text)}, the address of its console; expected the one without -admin`;
    problems.push({ where: '--org', what });
  }
  return url.origin;
}
