import { z } from 'zod';
import { credentialHeader } from '../model/credential-header.ts';
import { setting, type SettingMeta } from '../model/setting.ts';

export interface TokenFieldsOptions {
  readonly group: string;
  /** What the flags begin with; without, the settings stand in a file only. */
  readonly flagPrefix?: string;
}

const word = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Settings of every credential that gets a token: how it is carried, and how long getting it may take. */
export function tokenFields({ group, flagPrefix }: TokenFieldsOptions) {
  const named = (suffix: string, meta: Omit<SettingMeta, 'group' | 'flag'>): SettingMeta => ({
    ...meta,
    group,
    ...(flagPrefix === undefined ? { fileOnly: true } : { flag: `${flagPrefix}-${suffix}` }),
  });
  return {
    header: setting(
      credentialHeader().default('Authorization'),
      named('header', {
        help: "Header that carries the new token; the caller's own Authorization never goes on, whatever it is",
        placeholder: 'NAME',
      }),
    ),
    headerPrefix: setting(
      z.string().regex(word, 'one word such as Bearer').optional(),
      named('header-prefix', {
        help: 'Word before the token in that header; by default Bearer in Authorization and nothing in any other',
        placeholder: 'WORD',
      }),
    ),
    timeoutSeconds: setting(
      z.number().positive().max(60).default(10),
      named('timeout', {
        help: 'How long one request for a token may take in all, with its one repetition',
        placeholder: 'SECONDS',
      }),
    ),
  };
}
