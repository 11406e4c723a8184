/** Inngest's Kotlin SDK on Ktor, in cloud mode. */
import com.inngest.FunctionContext
import com.inngest.Inngest
import com.inngest.InngestFunction
import com.inngest.InngestFunctionConfigBuilder
import com.inngest.NonRetriableError
import com.inngest.Step
import com.inngest.ktor.serve
import io.ktor.server.engine.embeddedServer
import io.ktor.server.netty.Netty
import io.ktor.server.routing.routing

class Function(private val name: String, private val run: (FunctionContext, Step) -> Any?) : InngestFunction() {
    override fun config(builder: InngestFunctionConfigBuilder): InngestFunctionConfigBuilder =
        builder.id(name).name(name).triggerEvent("test/$name")

    override fun execute(ctx: FunctionContext, step: Step): Any? = run(ctx, step)
}

val functions = listOf(
    Function("echo") { ctx, _ -> mapOf("received" to ctx.event.data) },
    Function("two-steps") { _, step ->
        val first = step.run<Map<String, Any?>>("first") { mapOf("n" to 1) }
        step.run<Map<String, Any?>>("second") { mapOf("n" to 2, "from" to first) }
    },
    Function("fails") { _, _ -> throw NonRetriableError("as the test wants it") },
    Function("nothing") { _, _ -> null },
)

fun main() {
    // Without `isDev` and INNGEST_ENV the SDK is in dev mode, and checks no signature.
    val client = Inngest(appId = "sdk-app", isDev = false)
    embeddedServer(Netty, host = "127.0.0.1", port = System.getenv("PORT").toInt()) {
        routing {
            serve(
                "/api/inngest",
                client,
                functions,
                serveOrigin = System.getenv("SERVE_ORIGIN"),
                baseUrl = System.getenv("INNGEST_BASE_URL"),
            )
        }
    }.start(wait = true)
}
