/** The largest `amount` of a Prepare: an unsigned integer of 64 bits (RFC 0027 "ILP Prepare"). */
export const MAX_AMOUNT = 0xffff_ffff_ffff_ffffn;
/** The largest `data` of any packet, in bytes (InterledgerProtocol.asn, `SIZE (0..32767)`). */
export const MAX_DATA_LENGTH = 32_767;
/** The longest `message` of a Reject, in bytes of UTF-8 (InterledgerProtocol.asn, `SIZE (0..8191)`). */
export const MAX_MESSAGE_LENGTH = 8191;
/** The size of a condition and of a fulfillment, in bytes. */
export const CONDITION_LENGTH = 32;
