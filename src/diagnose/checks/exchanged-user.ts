import { type Check, pass, unknown } from '../check.ts';
import { exchanges } from './exchange-endpoint.ts';

/** The point of it all: the same user. */
export const exchangedUser: Check = {
  id: 'exchanged-user',
  title: 'The new token is for the same user',
  needs: ['exchange'],
  applies: exchanges,
  run({ findings: { caller, credential } }) {
    const found = credential?.claims?.sub;
    if (found === undefined || caller === undefined) return unknown('The new token does not say whose it is');
    if (found === caller.subject) return pass(found);
    return unknown(
      `The caller is ${caller.subject}, the new token is for ${found}`,
      'Normal only where the provider gives a user another sub for each service (pairwise identifiers). Is it the same person?',
    );
  },
};
