/** Names this running page to the server: who comes back under the same name is at once where he was. A reload is another. */
export const DEVICE_ID = crypto.getRandomValues(new BigUint64Array(2)).join('-');
