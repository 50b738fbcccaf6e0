import type { z } from 'zod';
import { type Config, configSchema } from '../config/schema.ts';
import type { Provider } from '../model/provider.ts';
import { Secret } from '../model/secret.ts';
import type { scopesSchema } from '../policies/scopes/schema.ts';

/** What faults change of the gateway's settings, flat. */
export interface GatewaySettings {
  readonly caFile: string | undefined;
  readonly resourceUrl: string | undefined;
  readonly issuer: string;
  /** Where the issuer is asked about tokens, and with which secret; it is not when absent. */
  readonly introspection: { readonly url: string; readonly clientSecret: string } | undefined;
  readonly requireDpop: boolean;
  readonly audience: string;
  readonly required: readonly string[];
  readonly rules: NonNullable<z.input<typeof scopesSchema>['rules']>;
  /** Whose token endpoint that is, where its address does not say so. */
  readonly provider: Provider['name'] | undefined;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The gateway proves who it is by this key instead of the secret. */
  readonly clientKeyFile: string | undefined;
  readonly subjectTokenType: string;
  readonly exchangeAudience: string | undefined;
  readonly exchangeScopes: readonly string[];
  readonly exchangeDpop: boolean;
  readonly exchangeTimeoutSeconds: number;
  readonly serverUrl: string;
  readonly answerTimeoutSeconds: number;
}

function proofOf({ clientSecret, clientKeyFile }: GatewaySettings) {
  return clientKeyFile === undefined
    ? { clientSecret: new Secret(clientSecret) }
    : ({ clientAuthentication: 'private_key_jwt', clientKeyFile } as const);
}

/** The scenario's configuration with these settings. */
export function buildLabConfig(settings: GatewaySettings, port: number, auditFile: string): Config {
  const { caFile, resourceUrl, issuer, audience, required, rules, tokenUrl } = settings;
  return configSchema.parse({
    listen: { port },
    ...(caFile === undefined ? {} : { caFile }),
    audit: { file: auditFile },
    servers: {
      countries: {
        ...(resourceUrl === undefined ? {} : { resourceUrl }),
        authenticate: [
          settings.introspection === undefined
            ? { strategy: 'jwt', issuer, audience: [audience] }
            : {
                strategy: 'introspection',
                issuer,
                audience: [audience],
                url: settings.introspection.url,
                clientId: settings.clientId,
                clientSecret: new Secret(settings.introspection.clientSecret),
              },
        ],
        dpop: { required: settings.requireDpop },
        policy: { strategy: 'scopes', required: [...required], rules },
        credential: {
          ...(settings.provider === 'entra'
            ? { strategy: 'entra-obo' }
            : {
                strategy: 'token-exchange',
                subjectTokenType: settings.subjectTokenType,
                ...(settings.provider === undefined ? {} : { provider: settings.provider }),
              }),
          url: tokenUrl,
          clientId: settings.clientId,
          ...proofOf(settings),
          audience: settings.exchangeAudience === undefined ? [] : [settings.exchangeAudience],
          scopes: [...settings.exchangeScopes],
          ...(settings.exchangeDpop ? { dpop: true } : {}),
          timeoutSeconds: settings.exchangeTimeoutSeconds,
        },
        upstream: { strategy: 'http', url: settings.serverUrl },
        answerTimeoutSeconds: settings.answerTimeoutSeconds,
      },
    },
  });
}
