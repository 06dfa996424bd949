import { wordsOf } from './words.ts';

/*
 * Functions that give an answer and do nothing else. One that is missing here makes a statement a write, so a name
 * belongs here only when every form of it is without effect: no sequence, no lock, no setting, no file, no message, no
 * other server, no SQL in an argument. What waits for long is not here either.
 */

/** PostgreSQL's own; the names most dialects share are among them. */
export const harmlessAnywhere: ReadonlySet<string> = new Set(
  wordsOf(
    // Aggregates and windows
    'count sum avg min max every bool_and bool_or bit_and bit_or bit_xor any_value array_agg string_agg json_agg jsonb_agg',
    'json_agg_strict jsonb_agg_strict json_object_agg jsonb_object_agg range_agg range_intersect_agg xmlagg',
    'stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_avgx regr_avgy regr_count',
    'regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy mode percentile_cont percentile_disc',
    'row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value',
    // Text
    'lower upper initcap length char_length character_length octet_length bit_length concat concat_ws left right substr',
    'substring replace translate reverse repeat lpad rpad btrim ltrim rtrim position strpos split_part',
    'string_to_array string_to_table array_to_string starts_with ascii chr format quote_ident quote_literal quote_nullable',
    'md5 sha224 sha256 sha384 sha512 encode decode convert convert_from convert_to to_hex overlay normalize is_normalized',
    'like notlike like_escape similar_to_escape regexp_count regexp_instr regexp_like regexp_match regexp_matches',
    'regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr unistr parse_ident to_ascii',
    'similarity word_similarity strict_word_similarity show_trgm levenshtein soundex metaphone dmetaphone unaccent',
    // Numbers
    'abs ceil ceiling floor round trunc sign sqrt cbrt power pow exp ln log log10 mod div gcd lcm factorial pi degrees',
    'radians sin cos tan asin acos atan atan2 cot sinh cosh tanh width_bucket scale min_scale trim_scale random',
    'to_number to_char bit_count erf erfc get_bit get_byte set_bit set_byte',
    // Time
    'now clock_timestamp statement_timestamp transaction_timestamp timeofday age date_part date_trunc date_bin extract',
    'timezone to_date to_timestamp make_date make_time make_timestamp make_timestamptz make_interval justify_days',
    'justify_hours justify_interval isfinite overlaps date_add date_subtract',
    // Lists, rows, ranges and types
    'array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions',
    'array_prepend array_remove array_replace array_upper array_sample array_shuffle array_sort array_reverse cardinality',
    'trim_array unnest generate_series generate_subscripts isempty lower_inc lower_inf upper_inc upper_inf range_merge',
    'int4range int8range numrange tsrange tstzrange daterange num_nulls num_nonnulls pg_typeof pg_column_size',
    'text varchar bpchar int2 int4 int8 float4 float8 numeric bool date time timetz timestamp timestamptz interval',
    'gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version',
    'host hostmask broadcast family masklen netmask network abbrev inet_merge inet_same_family',
    // JSON and XML
    'to_json to_jsonb row_to_json array_to_json json_build_array json_build_object jsonb_build_array jsonb_build_object',
    'json_object jsonb_object json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text',
    'json_array_length jsonb_array_length json_each json_each_text jsonb_each jsonb_each_text json_extract_path',
    'json_extract_path_text jsonb_extract_path jsonb_extract_path_text json_object_keys jsonb_object_keys',
    'json_populate_record jsonb_populate_record json_populate_recordset jsonb_populate_recordset json_to_record',
    'jsonb_to_record json_to_recordset jsonb_to_recordset json_strip_nulls jsonb_strip_nulls jsonb_set jsonb_set_lax',
    'jsonb_insert jsonb_pretty json_typeof jsonb_typeof jsonb_path_exists jsonb_path_match jsonb_path_query',
    'jsonb_path_query_array jsonb_path_query_first jsonb_path_exists_tz jsonb_path_query_tz xpath xpath_exists',
    'xml_is_well_formed',
    // Search
    'to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd ts_headline',
    'setweight strip numnode querytree array_to_tsvector tsvector_to_array ts_delete ts_filter tsquery_phrase',
    // What the database says of itself
    'current_database current_schema current_schemas current_user session_user current_setting version',
    'inet_server_addr inet_server_port inet_client_addr inet_client_port pg_backend_pid pg_postmaster_start_time',
    'pg_conf_load_time pg_is_in_recovery pg_client_encoding getdatabaseencoding pg_encoding_to_char pg_get_keywords',
    'pg_table_size pg_indexes_size pg_relation_size pg_total_relation_size pg_database_size pg_tablespace_size',
    'pg_size_pretty pg_size_bytes pg_table_is_visible pg_type_is_visible pg_function_is_visible pg_relation_filenode',
    'format_type obj_description col_description shobj_description pg_describe_object pg_get_constraintdef pg_get_expr',
    'pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result',
    'pg_get_indexdef pg_get_partkeydef pg_get_ruledef pg_get_serial_sequence pg_get_triggerdef pg_get_userbyid',
    'pg_get_viewdef pg_get_statisticsobjdef pg_get_partition_constraintdef pg_partition_tree pg_partition_root',
    'pg_blocking_pids pg_encoding_max_length pg_index_column_has_property pg_options_to_table',
    'pg_stat_get_numscans pg_stat_get_live_tuples pg_stat_get_dead_tuples pg_stat_get_tuples_inserted',
    'to_regclass to_regtype to_regproc to_regprocedure to_regnamespace to_regrole has_any_column_privilege',
    'has_column_privilege has_database_privilege has_function_privilege has_schema_privilege has_sequence_privilege',
    'has_table_privilege has_type_privilege pg_has_role row_security_active aclexplode acldefault makeaclitem',
  ),
);

/** Of SQLite, MySQL, SQL Server and the warehouses. In PostgreSQL such a name is somebody's own function. */
export const harmlessElsewhere: ReadonlySet<string> = new Set(
  wordsOf(
    'ifnull iif if isnull nvl nvl2 zeroifnull nullifzero typeof quote hex unhex unicode char instr printf glob',
    'likelihood likely unlikely total group_concat total_changes changes last_insert_rowid sqlite_version',
    'sqlite_source_id zeroblob julianday unixepoch strftime datetime timediff json json_valid json_type',
    'json_extract json_quote json_array json_insert json_replace json_set json_remove json_patch json_pretty json_tree',
    'json_group_array json_group_object json_contains json_contains_path json_keys json_length json_search json_unquote',
    'json_value json_query json_depth json_merge_patch json_merge_preserve json_overlaps json_arrayagg json_objectagg',
    'jsonb jsonb_extract jsonb_group_array jsonb_group_object bm25 highlight snippet matchinfo offsets sqrt log2',
    'rand conv crc32 bin oct format_bytes sha sha1 sha2 uuid field find_in_set elt make_set export_set lcase',
    'ucase mid locate space strcmp substring_index to_base64 from_base64 ord charset collation coercibility',
    'curdate curtime current_date current_time current_timestamp localtime localtimestamp sysdate utc_date utc_time',
    'utc_timestamp adddate addtime date_sub date_format datediff day dayname dayofmonth dayofweek dayofyear',
    'from_days from_unixtime hour last_day makedate maketime microsecond minute month monthname period_add period_diff',
    'quarter sec_to_time second str_to_date subdate subtime time_format time_to_sec timestampadd timestampdiff',
    'to_days to_seconds unix_timestamp week weekday weekofyear year yearweek convert_tz inet_aton inet_ntoa inet6_aton',
    'inet6_ntoa is_ipv4 is_ipv6 database schema user system_user connection_id found_rows row_count try_cast',
    'safe_cast safe_divide approx_count_distinct approx_quantiles approx_top_count countif logical_and logical_or',
    'array_concat array_concat_agg array_size generate_array generate_date_array timestamp_trunc timestamp_diff',
    'timestamp_add timestamp_sub date_diff datetime_diff datetime_trunc format_date format_datetime format_timestamp',
    'parse_date parse_datetime parse_timestamp timestamp_seconds timestamp_millis timestamp_micros unix_seconds',
    'unix_millis to_json_string json_extract_scalar json_value_array json_query_array regexp_contains regexp_extract',
    'regexp_extract_all ends_with startswith endswith contains_substr contains charindex patindex len isdate isnumeric',
    'dateadd datepart datename getdate getutcdate eomonth convert_timezone object_construct array_construct listagg',
    'median uniq uniqexact quantile quantiles argmin argmax grouparray groupuniqarray topk sumif avgif tostring toint32',
    'toint64 tofloat64 todate todatetime tostartofday tostartofhour tostartofmonth tostartofweek tostartofyear',
    'tostartofminute tostartofinterval toyyyymm toyear tomonth todayofweek today yesterday formatreadablesize',
    'pragma_table_info pragma_table_xinfo pragma_table_list pragma_index_list pragma_index_info',
    'pragma_index_xinfo pragma_foreign_key_list pragma_database_list pragma_collation_list pragma_function_list',
    'pragma_compile_options',
  ),
);

/** SQLite answers some of its settings as if they were tables. */
export const harmlessPragmas: ReadonlySet<string> = new Set(
  wordsOf(
    'pragma_table_list pragma_database_list pragma_collation_list pragma_function_list pragma_module_list',
    'pragma_compile_options pragma_pragma_list',
  ),
);
