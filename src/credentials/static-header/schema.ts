import { z } from 'zod';
import { credentialHeader } from '../../model/credential-header.ts';
import { Secret } from '../../model/secret.ts';
import { setting } from '../../model/setting.ts';

const group = 'Static header';

/** RFC 9110 §5.5, without anything that could end a line. */
const fieldValue = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Settings of the `static-header` credential: the same secret for every call. */
export const staticHeaderSchema = z
  .strictObject({
    strategy: z.literal('static-header'),
    header: setting(credentialHeader(), {
      help: 'Header that carries the secret',
      group,
      flag: 'static-header-name',
      placeholder: 'NAME',
      example: 'X-Api-Key',
    }),
    value: setting(
      z.instanceof(Secret).refine((secret) => fieldValue.test(secret.reveal()), 'text that can stand in a header'),
      {
        help: 'The whole value of that header, with the word before it where there is one',
        group,
        flag: 'static-header-value',
        placeholder: 'VALUE',
        secret: true,
      },
    ),
  })
  .describe('Every call carries the same secret, an API key');

export type StaticHeaderSettings = z.output<typeof staticHeaderSchema>;
