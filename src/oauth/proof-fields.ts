import { z } from 'zod';
import { setting, type SettingMeta } from '../model/setting.ts';
import { webUrl } from '../model/web-url.ts';

export interface ProofFieldsOptions {
  readonly group: string;
  /** What the flags begin with; without, the settings stand in a file only. */
  readonly flagPrefix?: string;
}

/** Settings of a credential whose tokens can be bound to a key of the gateway (RFC 9449). */
export function proofFields({ group, flagPrefix }: ProofFieldsOptions) {
  const named = (suffix: string, meta: Omit<SettingMeta, 'group' | 'flag'>): SettingMeta => ({
    ...meta,
    group,
    ...(flagPrefix === undefined ? { fileOnly: true } : { flag: `${flagPrefix}${suffix}` }),
  });
  return {
    dpop: setting(
      z.boolean().default(false),
      named('', {
        help: 'Have the new tokens bound to a key of the gateway (DPoP), and prove that key to provider and server',
      }),
    ),
    dpopKeyFile: setting(
      z.string().min(1).optional(),
      named('-key', {
        help: 'File with that key (PEM or JWK); a new one for each start when not given',
        placeholder: 'PATH',
        path: true,
      }),
    ),
    dpopUrl: setting(
      webUrl().optional(),
      named('-url', {
        help: 'URL of the service the proofs are for, where the server behind hands token and proof on to it; else they are for the server',
        placeholder: 'URL',
        example: 'https://api.example.com/graphql',
      }),
    ),
  };
}

/** What {@link proofFields} become. */
export interface ProofSettings {
  readonly dpop: boolean;
  readonly dpopKeyFile?: string | undefined;
  readonly dpopUrl?: string | undefined;
}
