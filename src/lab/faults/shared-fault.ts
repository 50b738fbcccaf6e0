import type { Fault } from '../fault.ts';
import type { LabFlavour } from '../start-fault-lab.ts';

/** A fault that people make with every provider, or with several. */
export interface SharedFault extends Omit<Fault, 'flavour'> {
  /** Providers with which it can be made; all of them when absent. */
  readonly flavours?: readonly LabFlavour[];
  /** What is named instead where a provider makes another thing of it. */
  readonly otherwise?: Readonly<Partial<Record<LabFlavour, Partial<Pick<Fault, 'explain' | 'doctor'>>>>>;
}

/** The faults as this provider has them. Those of another than Okta have its name in front of theirs. */
export function faultsOf(flavour: LabFlavour, shared: readonly SharedFault[]): readonly Fault[] {
  return shared
    .filter(({ flavours }) => flavours === undefined || flavours.includes(flavour))
    .map(({ flavours: _flavours, otherwise, ...fault }) => ({
      ...fault,
      ...otherwise?.[flavour],
      flavour,
      name: flavour === 'okta' ? fault.name : `${flavour}-${fault.name}`,
    }));
}
