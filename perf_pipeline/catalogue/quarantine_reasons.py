"""Why a row of a source can't be used: one entry for each reason that a reader in `extracted` records.

`sources` lists the reasons of each source.
"""

_UNREADABLE = {
    "wrong_number_of_fields": "the line has more or fewer fields than the header",
    "nul_character": "the line holds a NUL character",
    "undecodable_bytes": "the line is not UTF-8",
}
_EXPORT_FILES = {
    "header_not_recognised": "one of the five needed columns is missing or occurs twice; the whole file is in quarantine",
    "csv_not_readable": "the file's quotes do not match; the whole file is in quarantine",
    "file_cut_short": "the file ends in the middle of a line; the whole file is in quarantine",
    "file_not_readable": "the file can't be opened: it is a broken link, or we may not read it",
    "name_not_utf8": "the file's name is not UTF-8",
    "modification_time_impossible": "the file's modification time is not a valid date",
    "file_holds_no_row": "the file has no row under its header, so its days are not counted as zero",
    "no_row_can_be_used": "every row for our pages is unusable, as in a file with the name of another month",
    "file_ends_before_its_span": "the last rows end before the span in the file's name; its days without a row are not zero",
    "file_takes_ratings_away": "the file has far fewer ratings than are published; a person has to accept it first",
}

DONE_PAGE_REASONS = {
    **_EXPORT_FILES,
    **_UNREADABLE,
    "unknown_type": "the type is not feedback, not an aggregate, and not one of the types that are skipped",
    "unreadable_date": "the creation date is not a date",
    "impossible_date": "the creation date is before GOV.UK existed, or after the file was made",
    "outside_named_span": "the day is outside the span in the file's name",
    "unreadable_aggregate": "the aggregate does not have the form `Rating of 5: 7`",
    "unreadable_rating": "the rating is not a whole number",
    "rating_outside_scale": "the rating is not 1 to 5",
    "unreadable_count": "the aggregate's count is not a whole number",
    "negative_count": "the aggregate's count is below 0",
    "duplicate_row": "the file has more than one aggregate of the day and rating",
}

IN_SERVICE_REASONS = {
    "message_is_empty": "the message is `{}`",
    "rating_is_missing": "the message has no rating",
    "rating_outside_scale": "the rating is not one of the five that the banner offers",
}

APPLICATION_REASONS = {
    "instant_before_the_service": "a stamp is before the service existed",
    "instant_in_the_future": "a stamp is after the source was read",
    "instant_before_the_start": "a stamp is more than a day before the start of the application",
}

CHANNEL_COUNT_REASONS = {
    "not_an_object": "the row is not a JSON object",
    "unreadable_date": "the period is not a day",
    "day_outside_request": "the day was not requested",
    "unknown_subtype": "the subtype is not a known type of LPA",
    "missing_channel": "one of the six channels is missing",
    "unknown_channel": "there is a channel that is not in the contract",
    "unreadable_count": "a count is not a whole number",
    "negative_count": "a count is below 0",
    "count_too_large": "a count is impossibly large",
    "total_is_not_sum_of_channels": "the total is not the sum of the channels",
    "unknown_status": "the status is neither provisional nor final",
    "duplicate_row": "the answer has the day and type more than once",
}
