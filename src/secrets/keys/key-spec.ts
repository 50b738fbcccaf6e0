import { z } from 'zod';

/** How the key of a store is had: stands before the secrets, in the clear, and is bound to them (it cannot be changed
 * unnoticed). The limits keep a file that was changed from costing the machine its memory.
 */
export const keySpecSchema = z.discriminatedUnion('from', [
  z.strictObject({
    from: z.literal('password'),
    salt: z.string().regex(/^[\w-]{22,100}$/),
    // scrypt's cost, block size and parallelism (RFC 7914 §2).
    cost: z
      .number()
      .int()
      .min(2 ** 14)
      .max(2 ** 20),
    blockSize: z.number().int().min(8).max(16),
    parallel: z.number().int().min(1).max(4),
  }),
  z.strictObject({ from: z.literal('keyring'), id: z.string().regex(/^[\w-]{8,100}$/) }),
  z.strictObject({ from: z.literal('file') }),
]);

export type KeySpec = z.output<typeof keySpecSchema>;
export type PasswordSpec = Extract<KeySpec, { from: 'password' }>;
