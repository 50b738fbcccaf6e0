import { testFaultsOf } from '../kit/test-faults-of.ts';

testFaultsOf('entra');
