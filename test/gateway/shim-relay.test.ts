// The script of a checkout outlives the gateway.
import { testRelay } from '../helpers/relay-tests.ts';
import { verifies } from '../helpers/requirements.ts';

verifies('NEW-037');
testRelay('script', 20);
