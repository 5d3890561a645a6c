"""Why a source's row can't be used: one entry for each reason that a reader in `extracted` gives, in words for people.

Which source gives which is in `sources`.
"""

_UNREADABLE = {
    "wrong_number_of_fields": "the line has more or fewer fields than the header",
    "nul_character": "the line holds a NUL character",
    "undecodable_bytes": "the line is not UTF-8",
}
_EXPORT_FILES = {
    "header_not_recognised": "the file lacks one of the five columns, or has it twice; the whole file is set aside",
    "csv_not_readable": "the file's quotes do not match; the whole file is set aside",
    "file_cut_short": "the file ends in the middle of a line; the whole file is set aside",
    "file_not_readable": "the file can't be opened: a link to nothing, or no right to read it",
    "name_not_utf8": "the file's name is not UTF-8",
    "modification_time_impossible": "the file's modification time is no date",
    "file_holds_no_row": "the file has no row under its header; it proves nothing",
    "no_row_can_be_used": "every row about our pages is unusable, as in a file named for another month",
    "file_ends_before_its_span": "the last rows end before the span of the file's name; its days without a row are not zero",
    "file_takes_ratings_away": "the file has far fewer ratings than are published; it waits for a person to accept it",
}

DONE_PAGE_REASONS = {
    **_EXPORT_FILES,
    **_UNREADABLE,
    "unknown_type": "the type is neither feedback nor an aggregate, nor one that is known and skipped",
    "unreadable_date": "the creation date is no date",
    "impossible_date": "the creation date lies before GOV.UK existed, or after the file was made",
    "outside_named_span": "the day lies outside the span that the file's name promises",
    "unreadable_aggregate": "the aggregate does not read `Rating of 5: 7`",
    "unreadable_rating": "the rating is no whole number",
    "rating_outside_scale": "the rating is not 1 to 5",
    "unreadable_count": "the aggregate's count is no whole number",
    "negative_count": "the aggregate's count is below 0",
    "duplicate_aggregate": "the file has the day's aggregate of this rating already",
}

IN_SERVICE_REASONS = {
    "message_is_empty": "the message is `{}`",
    "rating_is_missing": "the message has no rating",
    "rating_is_outside_the_scale": "the rating is none of the five that the banner offers",
}

APPLICATION_REASONS = {
    "instant_before_the_service": "a state is stamped before the service existed",
    "instant_in_the_future": "a state is stamped later than the source was read",
    "instant_before_the_start": "a state is stamped long before the application was started",
}

CHANNEL_COUNT_REASONS = {
    "not_an_object": "the row is no JSON object",
    "unreadable_day": "the period is no day",
    "day_outside_request": "the day was not asked for",
    "unknown_subtype": "the subtype is no type of LPA that we know",
    "missing_channel": "one of the six channels is missing",
    "unknown_channel": "there is a channel that the contract does not have",
    "not_a_whole_number": "a count is no whole number",
    "negative_count": "a count is below 0",
    "count_too_large": "a count is too large to be one",
    "total_is_not_sum_of_channels": "the total is not the sum of the channels",
    "unknown_status": "the status is neither provisional nor final",
    "duplicate_row": "the answer holds the day and type more than once",
}
