import { z } from 'zod';
import { Secret } from '../../model/secret.ts';
import { setting, type SettingMeta } from '../../model/setting.ts';

/** How a client proves to a token endpoint who it is: RFC 6749 §2.3.1, RFC 7523 §2.2, RFC 8705 §2.1. */
const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth'] as const;

/** Signatures of an assertion: what providers take (RFC 7518 §3.1, RFC 8037 §3.1). */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

export interface ClientFieldsOptions {
  readonly group: string;
  /** What the flags begin with, `token-exchange-client`; without, the settings stand in a file only. */
  readonly flagPrefix?: string;
  readonly secretAliases?: readonly string[];
}

/** Settings of every credential that asks a token endpoint: which client the gateway is there, and how it proves that. */
export function clientFields({ group, flagPrefix, secretAliases }: ClientFieldsOptions) {
  const named = (suffix: string, meta: Omit<SettingMeta, 'group' | 'flag'>): SettingMeta => ({
    ...meta,
    group,
    ...(flagPrefix === undefined ? { fileOnly: true } : { flag: `${flagPrefix}-${suffix}` }),
  });
  return {
    clientId: setting(
      z.string().min(1),
      named('id', { help: 'Client id of the gateway there', placeholder: 'ID', example: '0oa1gateway' }),
    ),
    clientSecret: setting(
      z.instanceof(Secret).optional(),
      named('secret', {
        help: 'Client secret of the gateway there, for client_secret_basic and client_secret_post',
        placeholder: 'SECRET',
        secret: true,
        ...(secretAliases === undefined ? {} : { envAliases: secretAliases }),
      }),
    ),
    clientAuthentication: setting(
      z.enum(methods).default('client_secret_basic'),
      named('auth', { help: 'How the gateway proves who it is' }),
    ),
    clientKeyFile: setting(
      z.string().min(1).optional(),
      named('key', {
        help: 'File of the private key, PEM or JWK, for private_key_jwt and tls_client_auth; a new one is taken without a restart',
        placeholder: 'PATH',
        example: '/etc/usher/client-key.pem',
        path: true,
      }),
    ),
    clientKeyId: setting(
      z.string().min(1).optional(),
      named('key-id', {
        help: 'Key id (kid) of that key at the provider; by default the one in the JWK',
        placeholder: 'KID',
      }),
    ),
    clientKeyAlgorithm: setting(
      z.enum(algorithms).optional(),
      named('key-algorithm', {
        help: 'Algorithm of the assertion; by default the one of the JWK, or the usual one of the key',
      }),
    ),
    clientCertFile: setting(
      z.string().min(1).optional(),
      named('cert', {
        help: 'PEM file of the certificate: the one of tls_client_auth, or the one private_key_jwt names by its thumbprint',
        placeholder: 'PATH',
        example: '/etc/usher/client.pem',
        path: true,
      }),
    ),
    clientAssertionAudience: setting(
      z.string().min(1).optional(),
      named('assertion-audience', {
        help: "Audience of the assertion, for example the authorization server's issuer; by default the token endpoint",
        placeholder: 'URL',
      }),
    ),
  };
}

const fields = z.object(clientFields({ group: 'Token exchange' }));

/** What {@link clientFields} become. */
export type ClientSettings = Readonly<z.output<typeof fields>>;
