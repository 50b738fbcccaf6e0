import type { KnownRefusal, Provider } from '../model/provider.ts';
import { genericRefusals } from './generic/refusals.ts';
import { providers } from './providers.ts';

/** What of an unsuccessful answer of the token endpoint tells one refusal from another. */
export interface RefusalAnswer {
  readonly status: number;
  /** OAuth `error`, or the provider's own code; empty where there is none. */
  readonly error: string;
  /** The provider's own words; empty where there are none. */
  readonly description: string;
}

/** The known refusal this answer is: the provider's own first, then what the standards say of the code. */
export function findKnownRefusal(provider: Provider, answer: RefusalAnswer): KnownRefusal | undefined {
  return (
    provider.refusals.find((refusal) => fits(refusal, answer)) ??
    genericRefusals.find((refusal) => fits(refusal, answer))
  );
}

/** The known refusal with this id, and whose it is. */
export function findRefusalById(
  id: string,
): { readonly provider: Provider; readonly refusal: KnownRefusal } | undefined {
  for (const provider of providers) {
    const refusal = provider.refusals.find((one) => one.id === id);
    if (refusal !== undefined) return { provider, refusal };
  }
  return undefined;
}

/** Does the answer look like this refusal? */
export function fits({ answer }: KnownRefusal, { status, error, description }: RefusalAnswer): boolean {
  return (
    (answer.statuses?.includes(status) ?? true) &&
    (answer.errors?.includes(error) ?? true) &&
    (answer.description?.test(description) ?? true)
  );
}
