import type { KnownRefusal, Provider, RefusalAnswer } from '../model/provider.ts';
import { genericRefusals } from './generic/refusals.ts';
import { providers } from './providers.ts';

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
