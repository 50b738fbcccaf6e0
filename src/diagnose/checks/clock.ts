import { type Check, failed, pass, unknown } from '../check.ts';

/** How exact the Date header can be: it has whole seconds, and is on its way for a while. */
const exactMs = 2_000;

/** Times in tokens are the provider's; they are compared with the clock here. */
export const clock: Check = {
  id: 'clock',
  title: "This clock agrees with the provider's",
  needs: [],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  run({ findings, server }) {
    const known = [...findings.metadata].flatMap(([issuer, { aheadMs }]) =>
      aheadMs === undefined ? [] : [{ issuer, aheadMs }],
    );
    const worst = known.toSorted((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs))[0];
    if (worst === undefined) return unknown('The provider sent no Date header to compare with');
    const [entry] = server.authenticate;
    const leewaySeconds = entry?.strategy === 'jwt' ? entry.clockSkewSeconds : 30;
    const seconds = Math.round(Math.abs(worst.aheadMs) / 1000);
    const side = worst.aheadMs > 0 ? 'ahead of' : 'behind';
    const evidence = `${seconds} s ${side} ${worst.issuer}, by its Date header`;
    if (Math.abs(worst.aheadMs) <= leewaySeconds * 1000 + exactMs) return pass(evidence);
    return failed(evidence, {
      cause: worst.aheadMs > 0 ? 'clock-ahead' : 'clock-behind',
      fix: 'Set the clock of this machine (NTP). Tokens seem expired where it is ahead, and not yet valid where it is behind.',
    });
  },
};
