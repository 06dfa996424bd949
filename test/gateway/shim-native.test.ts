// The native program of the packages outlives the gateway.
import { testRelay } from '../helpers/relay-tests.ts';
import { verifies } from '../helpers/requirements.ts';

verifies('NEW-037');
testRelay('native', 5);
