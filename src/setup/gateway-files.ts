import { stringify } from 'yaml';
import type { SetUpOutcome } from '../model/set-up.ts';

/** What the provider does not know about the gateway. */
export interface GatewayChoices {
  /** Of the server in the configuration. */
  readonly name: string;
  readonly upstreamUrl: string;
  readonly port: number;
  /** PEM file of authorities to trust, absolute. */
  readonly caFile: string | undefined;
}

export const configName = 'usher.yaml';
export const gatewaySecretName = 'gateway-secret.txt';
export const clientSecretName = 'mcp-client-secret.txt';

/** Every file a set-up may write beside its record. */
export function listFiles(isPublicClient: boolean): readonly string[] {
  return [configName, gatewaySecretName, ...(isPublicClient ? [] : [clientSecretName])];
}

/** The texts of the files: the gateway's configuration, its secret, and the secret of people's client. */
export function buildFiles(
  { callers, exchange, client }: SetUpOutcome,
  { name, upstreamUrl, port, caFile }: GatewayChoices,
): Readonly<Record<string, string>> {
  const config = {
    listen: { port },
    ...(caFile === undefined ? {} : { caFile }),
    audit: { file: 'audit.jsonl' },
    servers: {
      [name]: {
        authenticate: [{ issuer: callers.issuer, audience: callers.audience }],
        policy: { required: callers.scopes },
        credential: {
          url: exchange.url,
          clientId: exchange.clientId,
          clientSecretFile: gatewaySecretName,
          audience: exchange.audience,
          scopes: exchange.scopes,
          ...exchange.more,
        },
        upstream: { url: upstreamUrl },
      },
    },
  };
  return {
    [configName]: `# Written by usher setup. Try it: usher config check -f ${configName}\n${stringify(config)}`,
    [gatewaySecretName]: `${exchange.clientSecret.reveal()}\n`,
    ...(client.clientSecret === undefined ? {} : { [clientSecretName]: `${client.clientSecret.reveal()}\n` }),
  };
}
