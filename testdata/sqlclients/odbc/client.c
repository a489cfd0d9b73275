/* ODBC as a client under test: speaks the line protocol of ../README.md on
 * standard input and output. The first argument is the driver's library. */
#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

/* Of SQL Server's drivers, not in the standard headers. */
#define SQL_DIAG_SS_LINE (-1154)
#define SQL_SS_TIME2 (-154)
#define SQL_SS_TIMESTAMPOFFSET (-155)

enum { MAX_PARAMETERS = 2100 };

static const char *driver;
static SQLHENV environment;
static SQLHDBC connection;
static SQLHSTMT statement; /* SQLCancel, from the other thread, needs it */

static struct {
    int count;
    char *types[MAX_PARAMETERS];
    char *values[MAX_PARAMETERS];
    SQLLEN lengths[MAX_PARAMETERS];
} parameters;

static void put_escaped(const char *s, size_t n) {
    for (; n > 0; s++, n--) {
        switch (*s) {
        case '\\': fputs("\\\\", stdout); break;
        case '\t': fputs("\\t", stdout); break;
        case '\n': fputs("\\n", stdout); break;
        case '\r': fputs("\\r", stdout); break;
        default: putchar(*s);
        }
    }
}

static char *unescape(char *s) {
    char *to = s;
    for (char *from = s; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from == 'r' ? '\r' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return s;
}

static int is_null(const char *field) { return strcmp(field, "\\N") == 0; }

/* The drivers put their names before the server's words: "[FreeTDS][SQL Server]". */
static const char *words(const char *message) {
    while (*message == '[') {
        const char *end = strchr(message, ']');
        if (!end) break;
        message = end + 1;
    }
    return message;
}

/* Prints what the driver and the server have said: errors and messages. */
static void diagnostics(SQLSMALLINT kind, SQLHANDLE handle) {
    SQLCHAR state[6], text[8192];
    SQLINTEGER native;
    SQLSMALLINT length;
    for (SQLSMALLINT i = 1; SQL_SUCCEEDED(SQLGetDiagRec(kind, handle, i, state, &native, text, sizeof text, &length)); i++) {
        const char *said = words((const char *)text);
        int information = strncmp((const char *)state, "01", 2) == 0;
        if (information && (native == 5701 || native == 5703)) continue;
        if (information) {
            fputs("print\t", stdout);
        } else {
            SQLUSMALLINT line = 0;
            SQLGetDiagField(kind, handle, i, SQL_DIAG_SS_LINE, &line, 0, NULL);
            printf("error\t%d\t%d\t", (int)native, (int)line);
        }
        put_escaped(said, strlen(said));
        putchar('\n');
    }
}

static void broken(const char *what) {
    printf("broken\t%s\n", what);
}

/* Writes a cell as the case files do. */
static void put_cell(SQLSMALLINT type, const char *s, size_t n) {
    switch (type) {
    case SQL_BINARY: case SQL_VARBINARY: case SQL_LONGVARBINARY:
        fputs("0x", stdout);
        for (size_t i = 0; i < n; i++) putchar(toupper((unsigned char)s[i]));
        return;
    case SQL_TYPE_TIMESTAMP: case SQL_TYPE_TIME: case SQL_SS_TIME2: case SQL_SS_TIMESTAMPOFFSET: {
        /* "2025-01-02 03:04:05.1230000 +02:00": T between day and time, no zeros at the end of a second */
        const char *dot = memchr(s, '.', n);
        const char *end = dot ? dot + 1 : s + n;
        while (end < s + n && isdigit((unsigned char)*end)) end++;
        const char *last = end;
        if (dot) {
            while (last > dot + 1 && last[-1] == '0') last--;
            if (last == dot + 1) last = dot;
        }
        int days = 0;
        for (const char *c = s; c < last; c++) {
            if (*c == ' ' && !days++) putchar('T');
            else if (*c != ' ') putchar(*c);
        }
        for (const char *c = end; c < s + n; c++) {
            if (*c != ' ') putchar(*c);
        }
        return;
    }
    case SQL_BIT:
        putchar(n > 0 && s[0] == '1' ? '1' : '0');
        return;
    default:
        put_escaped(s, n);
    }
}

/* Reads a column to its end, however long it is. Returns 0 after an error. */
static int column(SQLUSMALLINT i, SQLSMALLINT type) {
    size_t size = 4096, used = 0;
    char *buffer = malloc(size);
    SQLLEN indicator = 0;
    for (;;) {
        SQLRETURN r = SQLGetData(statement, i, SQL_C_CHAR, buffer + used, (SQLLEN)(size - used), &indicator);
        if (r == SQL_NO_DATA) break;
        if (!SQL_SUCCEEDED(r)) {
            free(buffer);
            return 0;
        }
        if (indicator == SQL_NULL_DATA) {
            fputs("\\N", stdout);
            free(buffer);
            return 1;
        }
        if (r == SQL_SUCCESS) {
            used += (size_t)indicator;
            break;
        }
        used += strlen(buffer + used); /* truncated: the rest comes with the next call */
        buffer = realloc(buffer, size *= 2);
    }
    put_cell(type, buffer, used);
    free(buffer);
    return 1;
}

/* Prints one result: rows, or a count. */
static int result(void) {
    SQLSMALLINT columns = 0;
    SQLNumResultCols(statement, &columns);
    if (columns == 0) {
        SQLLEN count = 0;
        SQLRowCount(statement, &count);
        if (count > 0) printf("count\t%ld\n", (long)count);
        return 1;
    }
    SQLSMALLINT *types = calloc((size_t)columns, sizeof *types);
    for (SQLSMALLINT i = 0; i < columns; i++) {
        SQLDescribeCol(statement, (SQLUSMALLINT)(i + 1), NULL, 0, NULL, &types[i], NULL, NULL, NULL);
    }
    int rows = 0, ok = 1;
    SQLRETURN r;
    while (ok && SQL_SUCCEEDED(r = SQLFetch(statement))) {
        rows++;
        fputs("row", stdout);
        for (SQLSMALLINT i = 0; ok && i < columns; i++) {
            putchar('\t');
            ok = column((SQLUSMALLINT)(i + 1), types[i]);
        }
        putchar('\n');
    }
    free(types);
    if (!ok || (r != SQL_NO_DATA && !SQL_SUCCEEDED(r))) {
        diagnostics(SQL_HANDLE_STMT, statement);
        return 0;
    }
    if (rows == 0) puts("none");
    return 1;
}

/* Prints all results of what was executed with the status r. */
static void results(SQLRETURN r) {
    while (r != SQL_NO_DATA) {
        if (r != SQL_SUCCESS) diagnostics(SQL_HANDLE_STMT, statement);
        if (r == SQL_INVALID_HANDLE) return broken("the statement's handle is invalid");
        if (SQL_SUCCEEDED(r)) result();
        r = SQLMoreResults(statement);
        if (r == SQL_ERROR) {
            diagnostics(SQL_HANDLE_STMT, statement);
            SQLRETURN next = SQLMoreResults(statement);
            if (next == SQL_ERROR) return; /* the connection, not one more statement */
            r = next;
        }
    }
}

static void login(char **f, int n) {
    if (n < 7) return broken("login: too few fields");
    SQLCHAR text[2048];
    const char *mode = strcmp(f[5], "on") == 0 ? "require" : strcmp(f[5], "off") == 0 ? "request" : NULL;
    if (!mode) {
        puts("inexpressible\tthis driver does not speak TDS 8");
        return;
    }
    snprintf((char *)text, sizeof text, "DRIVER=%s;SERVER=%s;PORT=%s;UID=%s;PWD={%s};DATABASE=%s;TDS_Version=auto;ClientCharset=UTF-8;Encryption=%s",
             driver, f[0], f[1], f[2], f[3], f[4], mode);
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
    SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
    SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
    if (!SQL_SUCCEEDED(SQLDriverConnect(connection, NULL, text, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT))) {
        diagnostics(SQL_HANDLE_DBC, connection);
        return;
    }
    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
}

static void run(char **f, int n) {
    if (n < 1) return broken("run: no batch");
    results(SQLExecDirect(statement, (SQLCHAR *)f[0], SQL_NTS));
    SQLFreeStmt(statement, SQL_CLOSE);
}

/* The batch has a ? for each parameter, and the pairs of name and type are in
 * that order. */
static void prepare(char **f, int n) {
    for (int i = 0; i < parameters.count; i++) free(parameters.types[i]);
    parameters.count = 0;
    for (int i = 1; i + 1 < n && parameters.count < MAX_PARAMETERS; i += 2) parameters.types[parameters.count++] = strdup(f[i + 1]);
    if (!SQL_SUCCEEDED(SQLPrepare(statement, (SQLCHAR *)f[0], SQL_NTS))) diagnostics(SQL_HANDLE_STMT, statement);
}

/* The ODBC type of a type's name, its size and its digits. */
static SQLSMALLINT type_of(const char *declared, SQLULEN *size, SQLSMALLINT *digits) {
    static const struct { const char *name; SQLSMALLINT type; SQLULEN size; } known[] = {
        {"bit", SQL_BIT, 1}, {"tinyint", SQL_TINYINT, 3}, {"smallint", SQL_SMALLINT, 5}, {"int", SQL_INTEGER, 10}, {"bigint", SQL_BIGINT, 19},
        {"real", SQL_REAL, 7}, {"float", SQL_FLOAT, 15}, {"decimal", SQL_DECIMAL, 18}, {"numeric", SQL_NUMERIC, 18}, {"money", SQL_DECIMAL, 19}, {"smallmoney", SQL_DECIMAL, 10},
        {"char", SQL_CHAR, 1}, {"varchar", SQL_VARCHAR, 1}, {"nchar", SQL_WCHAR, 1}, {"nvarchar", SQL_WVARCHAR, 1},
        {"binary", SQL_BINARY, 1}, {"varbinary", SQL_VARBINARY, 1}, {"uniqueidentifier", SQL_GUID, 36},
        {"date", SQL_TYPE_DATE, 10}, {"datetime", SQL_TYPE_TIMESTAMP, 23}, {"smalldatetime", SQL_TYPE_TIMESTAMP, 16}, {"datetime2", SQL_TYPE_TIMESTAMP, 27},
    };
    char name[64] = "", facet[16] = "";
    int first = 0, second = 0;
    sscanf(declared, "%63[a-z0-9]%*[ ](", name);
    const char *open = strchr(declared, '(');
    if (open) {
        sscanf(open, "(%15[a-zA-Z0-9]", facet);
        first = atoi(facet);
        const char *comma = strchr(open, ',');
        if (comma) second = atoi(comma + 1);
    }
    *digits = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcasecmp(name, known[i].name) != 0) continue;
        SQLSMALLINT type = known[i].type;
        *size = first > 0 ? (SQLULEN)first : known[i].size;
        if (strcasecmp(facet, "max") == 0) {
            *size = 0;
            type = type == SQL_WVARCHAR ? SQL_WLONGVARCHAR : type == SQL_VARBINARY ? SQL_LONGVARBINARY : SQL_LONGVARCHAR;
        }
        if (type == SQL_DECIMAL || type == SQL_NUMERIC) *digits = (SQLSMALLINT)second;
        if (strcasecmp(name, "money") == 0 || strcasecmp(name, "smallmoney") == 0) *digits = 4;
        if (type == SQL_TYPE_TIMESTAMP) {
            *digits = strcmp(name, "datetime2") == 0 ? (open ? (SQLSMALLINT)first : 7) : strcmp(name, "datetime") == 0 ? 3 : 0;
            *size = known[i].size;
        }
        return type;
    }
    return 0;
}

static void execute(char **f, int n) {
    if (n != parameters.count) return broken("execute: the values are not as many as the parameters");
    for (int i = 0; i < n; i++) {
        SQLULEN size;
        SQLSMALLINT digits, type = type_of(parameters.types[i], &size, &digits);
        if (type == 0) {
            printf("inexpressible\tODBC has no type %s\n", parameters.types[i]);
            return;
        }
        free(parameters.values[i]);
        parameters.values[i] = strdup(is_null(f[i]) ? "" : unescape(f[i]));
        if (type == SQL_TYPE_TIMESTAMP && strlen(parameters.values[i]) > 10) parameters.values[i][10] = ' '; /* ODBC's form has no T */
        parameters.lengths[i] = is_null(f[i]) ? SQL_NULL_DATA : SQL_NTS;
        if (size == 0) size = strlen(parameters.values[i]) + 1;
        SQLBindParameter(statement, (SQLUSMALLINT)(i + 1), SQL_PARAM_INPUT, SQL_C_CHAR, type, size, digits,
                         parameters.values[i], (SQLLEN)strlen(parameters.values[i]) + 1, &parameters.lengths[i]);
    }
    results(SQLExecute(statement));
    SQLFreeStmt(statement, SQL_CLOSE);
}

static void unprepare(void) {
    SQLFreeStmt(statement, SQL_RESET_PARAMS);
    SQLFreeHandle(SQL_HANDLE_STMT, statement); /* that is when a driver unprepares */
    SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);
}

static void autocommit(SQLULEN on) {
    if (!SQL_SUCCEEDED(SQLSetConnectAttr(connection, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)on, 0))) diagnostics(SQL_HANDLE_DBC, connection);
}

static void end_transaction(SQLSMALLINT how) {
    if (!SQL_SUCCEEDED(SQLEndTran(SQL_HANDLE_DBC, connection, how))) diagnostics(SQL_HANDLE_DBC, connection);
    autocommit(SQL_AUTOCOMMIT_ON);
}

static void answer(char *line) {
    char *fields[2 * MAX_PARAMETERS + 2] = {line};
    int n = 0;
    for (char *at = line; at && n < (int)(sizeof fields / sizeof *fields); n++) {
        fields[n] = at;
        if ((at = strchr(at, '\t'))) *at++ = 0;
    }
    const char *verb = fields[0];
    char **f = fields + 1;
    n--;
    if (strcmp(verb, "execute") != 0) {
        for (int i = 0; i < n; i++) unescape(f[i]);
    }
    if (strcmp(verb, "login") == 0) login(f, n);
    else if (strcmp(verb, "run") == 0) run(f, n);
    else if (strcmp(verb, "prepare") == 0) prepare(f, n);
    else if (strcmp(verb, "execute") == 0) execute(f, n);
    else if (strcmp(verb, "unprepare") == 0) unprepare();
    else if (strcmp(verb, "begin") == 0) autocommit(SQL_AUTOCOMMIT_OFF);
    else if (strcmp(verb, "commit") == 0) end_transaction(SQL_COMMIT);
    else if (strcmp(verb, "rollback") == 0) end_transaction(SQL_ROLLBACK);
    else printf("inexpressible\tODBC has no %s\n", verb);
    puts("end");
    fflush(stdout);
}

/* One line waits at most: requests come one after another, only a cancel
 * overtakes. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char *waiting;
static int ended;

static void *worker(void *unused) {
    for (;;) {
        pthread_mutex_lock(&lock);
        while (!waiting && !ended) pthread_cond_wait(&changed, &lock);
        char *line = waiting;
        waiting = NULL;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        if (!line) return unused;
        answer(line);
        free(line);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s driver-library\n", argv[0]);
        return 2;
    }
    driver = argv[1];
    pthread_t thread;
    if (pthread_create(&thread, NULL, worker, NULL) != 0) return 1;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    while ((n = getline(&line, &size, stdin)) > 0) {
        if (line[n - 1] == '\n') line[n - 1] = 0;
        if (strcmp(line, "cancel") == 0) {
            SQLCancel(statement);
            continue;
        }
        pthread_mutex_lock(&lock);
        while (waiting) pthread_cond_wait(&changed, &lock);
        waiting = strdup(line);
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    while (waiting) pthread_cond_wait(&changed, &lock);
    ended = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    if (connection) SQLDisconnect(connection);
    return 0;
}
