import { z } from 'zod';
import { setting } from '../../model/setting.ts';

const group = 'Rate limits';
const number = () => z.number().int().min(1).max(1_000_000);
const window = () => z.number().min(1).max(86_400);
const toolPattern = z.string().min(1).max(200);

const ruleSchema = z.strictObject({
  /** Whose calls are counted together: one user's, whatever client they use; one client's, whoever uses it; or everybody's. */
  per: z.enum(['user', 'client', 'server']).default('user'),
  calls: number(),
  windowSeconds: window().default(60),
  /** All of `calls` when absent. */
  burst: number().optional(),
  /** Calls of these tools alone, together; `*` stands for any characters. Without it whatever is asked of the server. */
  tools: z.union([z.array(toolPattern).min(1), toolPattern.transform((one) => [one])]).optional(),
});

export type RateLimitRule = z.output<typeof ruleSchema>;

/** Settings of rate limits: how often a server may be called. */
export const rateLimitSchema = z.strictObject({
  calls: setting(number().optional(), {
    help: 'Calls that one user may make in --rate-limit-window, in the long run; without it, as many as they like',
    flag: 'rate-limit',
    group,
    placeholder: 'CALLS',
    example: '60',
  }),
  windowSeconds: setting(window().default(60), {
    help: 'Time that --rate-limit is for',
    flag: 'rate-limit-window',
    group,
    placeholder: 'SECONDS',
  }),
  burst: setting(number().optional(), {
    help: 'Calls that one user may make at once after a rest; by default as many as --rate-limit says',
    flag: 'rate-limit-burst',
    group,
    placeholder: 'CALLS',
  }),
  rules: setting(z.array(ruleSchema).default([]), {
    help: 'Further limits, per user, client or server, for all calls or for some tools; a call counts against every one that fits',
    group,
    fileOnly: true,
  }),
});

export type RateLimitSettings = z.output<typeof rateLimitSchema>;
